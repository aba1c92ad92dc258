import { z } from 'zod';
import { ImageServiceProtocolError } from './exceptions.js';

/**
 * Reads an answer that must be JSON.
 *
 * @param what - the answer, as a noun phrase, for the error's message.
 * @throws ImageServiceProtocolError when it is not what the API says.
 */
export function parseJson<T>(content: Buffer, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(content.toString());
  } catch (error) {
    throw new ImageServiceProtocolError(`${what} is not JSON`, { cause: error });
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw new ImageServiceProtocolError(`${what} cannot be understood: ${z.prettifyError(checked.error)}`);
}

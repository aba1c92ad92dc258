import { z } from 'zod';
import { ImageServiceProtocolError } from './exceptions.js';

/**
 * Parses and validates a JSON answer.
 *
 * @param what - the answer, as a noun phrase for the error message.
 * @throws ImageServiceProtocolError when the answer is not JSON or violates the schema.
 */
export function parseServiceJson<T>(content: Buffer, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(content.toString());
  } catch (error) {
    throw new ImageServiceProtocolError(`${what} is not JSON`, { cause: error });
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw new ImageServiceProtocolError(`${what} is malformed: ${z.prettifyError(checked.error)}`);
}

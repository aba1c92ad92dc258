import { z } from 'zod';
import { KiB, MiB } from '../common/index.js';

import { TooLarge, asError, readAll } from '../streams/index.js';
import {
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  described,
  type RequestDescription,
} from './errors.js';
import { jsonElements } from './json-elements.js';
import type { Answer } from './transport.js';

/** The longest answer that is read into memory, in bytes. */
const maxAnswerBytes = 64 * MiB;
/** The longest error body that is read, in bytes. */
const maxErrorBytes = 256 * KiB;

/** 304 means that the container was already running (start) or already stopped (stop). */
export const isSuccess = (status: number): boolean =>
  status === 101 || (status >= 200 && status < 300) || status === 304;

/**
 * Reads an answer into memory.
 *
 * @throws EngineUnreachable when the connection breaks; EngineProtocolError when the answer is too long.
 */
export async function readWhole(request: RequestDescription, { body }: Answer): Promise<Buffer> {
  try {
    return await readAll(body, maxAnswerBytes);
  } catch (cause) {
    if (cause instanceof TooLarge) {
      throw new EngineProtocolError(`${described(request)}: the answer has ${cause.message}`, cause);
    }
    throw brokenAnswer(request, cause);
  }
}

/**
 * Reads an answer that is a list, one element at a time.
 *
 * @throws EngineUnreachable when the connection breaks; EngineProtocolError when the answer is not a list, or an
 * element is too long.
 */
export async function* readElements(
  request: RequestDescription,
  { body }: Answer,
): AsyncGenerator<unknown, void, void> {
  try {
    yield* jsonElements(body, described(request));
  } catch (cause) {
    throw cause instanceof EngineProtocolError ? cause : brokenAnswer(request, cause);
  }
}

function brokenAnswer(request: RequestDescription, cause: unknown): EngineUnreachable {
  if (cause instanceof EngineUnreachable) return cause;
  return new EngineUnreachable(request, `the answer broke off: ${asError(cause).message}`, {
    maybeDone: request.method !== 'GET',
    cause,
  });
}

/** @throws EngineProtocolError when the answer is not JSON. */
export function parsed(request: RequestDescription, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new EngineProtocolError(`${described(request)}: the answer is not JSON`, cause);
  }
}

/** @throws EngineProtocolError when the answer does not match the schema. */
export function checked<T>(request: RequestDescription, schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new EngineProtocolError(
    `${described(request)}: the answer is malformed: ${z.prettifyError(result.error)}`,
    result.error,
  );
}

const refusalBody = z.object({ message: z.string() });

/** Creates the error for a refused request. Engines send JSON; 20.10 refuses an API version in plain text. */
export async function refusal(
  request: RequestDescription,
  { status, contentType, body }: Answer,
): Promise<EngineError> {
  try {
    const text = (await readAll(body, maxErrorBytes)).toString('utf8');
    const message = contentType.startsWith('application/json')
      ? refusalBody.parse(JSON.parse(text)).message
      : text;
    return new EngineError(request, status, message.trim());
  } catch (cause) {
    return new EngineError(request, status, 'the engine gave no reason', { cause });
  }
}

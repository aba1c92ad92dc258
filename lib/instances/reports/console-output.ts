import type { Readable } from 'node:stream';
import { ConsoleNotAvailable } from '../../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../../engine/index.js';
import { EngineError } from '../../engine/index.js';

/** Bytes of console output that Nova keeps: `MAX_CONSOLE_BYTES` of `nova.virt.driver`. */
const maxConsoleOutputBytes = 100 * 1024;
/** Lines to request. Engines (20.10 to 28.5) split a line every 16 KiB and count each part. */
const lines = 5_000;

/**
 * The last 100 KiB of a container's output; stdout and stderr in their original order.
 *
 * @throws ConsoleNotAvailable when the container's log driver does not support reading.
 */
export async function consoleOutput(
  engine: Engine,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<string> {
  let last = Buffer.alloc(0);
  let isCut = false;
  for await (const chunk of await lastLines(engine, container, signal)) {
    const piece: unknown = chunk;
    if (!Buffer.isBuffer(piece)) throw new TypeError('a log yielded something other than bytes');
    isCut ||= last.length + piece.length > maxConsoleOutputBytes;
    last = Buffer.concat([last, piece]).subarray(-maxConsoleOutputBytes);
  }
  return (isCut ? startAtCharacter(last) : last).toString();
}

async function lastLines(
  engine: Engine,
  { Id: container, Name: name, Config: { Tty: tty } }: ContainerInspect,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  try {
    return await engine.containers.logs(container, { tail: lines, tty, signal });
  } catch (error) {
    if (!(error instanceof EngineError) || error.status !== notImplemented) throw error;
    throw new ConsoleNotAvailable(`The log of container ${name} cannot be read: ${error.engineMessage}`, {
      cause: error,
    });
  }
}

/** The status of engines (20.10 to 28.5) when the operator's log driver cannot be read. */
const notImplemented = 501;

/** Drops the rest of a UTF-8 character that the cut split: at most three bytes. */
function startAtCharacter(text: Buffer): Buffer {
  const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
  const start = text.subarray(0, 4).findIndex((byte) => !isContinuation(byte));
  return start === -1 ? text : text.subarray(start);
}

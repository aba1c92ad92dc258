import type { Readable } from 'node:stream';
import { ConsoleNotAvailable } from '../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../engine/index.js';
import { EngineError } from '../engine/index.js';

/** What Nova keeps of a console: `nova.virt.driver` MAX_CONSOLE_BYTES. */
const longestConsoleOutput = 100 * 1024;
/** Lines to ask the engine for; to the engine (20.10 to 28.5) every 16 KiB of a longer one are a line. */
const lines = 5_000;

/**
 * The last 100 KiB at most of what a container has printed, errors and output in order.
 *
 * @throws ConsoleNotAvailable when the container's log is not where the engine can read it.
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
    if (!Buffer.isBuffer(piece)) throw new TypeError('a log gave something other than bytes');
    isCut ||= last.length + piece.length > longestConsoleOutput;
    last = Buffer.concat([last, piece]).subarray(-longestConsoleOutput);
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

/** What engines (20.10 to 28.5) answer when the log driver that the operator chose only takes logs. */
const notImplemented = 501;

/** Drops what the cut left of a character at the beginning: three bytes at most. */
function startAtCharacter(text: Buffer): Buffer {
  const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
  const start = text.subarray(0, 4).findIndex((byte) => !isContinuation(byte));
  return start === -1 ? text : text.subarray(start);
}

import type { ContainerInspect, Engine } from '../engine/index.js';

/** What Nova keeps of a console: `nova.virt.driver` MAX_CONSOLE_BYTES. */
const longestConsoleOutput = 100 * 1024;
/** Lines to ask the engine for; the engine cuts a line after 16 KiB. */
const lines = 5_000;

/** The last 100 KiB at most of what a container has printed, errors and output in order. */
export async function consoleOutput(
  engine: Engine,
  { Id: container, Config: configuration }: ContainerInspect,
  signal?: AbortSignal,
): Promise<string> {
  const log = await engine.containers.logs(container, {
    stdout: true,
    stderr: true,
    tail: lines,
    tty: configuration.Tty,
    signal,
  });
  let last = Buffer.alloc(0);
  for await (const chunk of log) {
    const piece: unknown = chunk;
    if (!Buffer.isBuffer(piece)) throw new TypeError('a log gave something other than bytes');
    last = Buffer.concat([last, piece]).subarray(-longestConsoleOutput);
  }
  return startAtCharacter(last).toString();
}

/** Drops what the cut left of a character at the beginning. */
function startAtCharacter(text: Buffer): Buffer {
  const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
  const start = text.findIndex((byte) => !isContinuation(byte));
  return start === -1 ? text : text.subarray(start);
}

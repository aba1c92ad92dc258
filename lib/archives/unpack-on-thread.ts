import type { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type * as xz from 'xz-decompress';
import type * as zstd from 'zstddec/stream';

/*
 * The code of the decompression thread. The thread receives these functions as source text, so that no bundler needs a
 * second entry point. They must refer to nothing outside themselves, except types. Each archive has its own thread: a
 * decoder's leak or hang ends with the archive.
 */

type Pieces = AsyncGenerator<Uint8Array, void, void>;

/** Decompresses pieces with a decoder that is imported from a URL. */
type Decode = (url: string, pieces: Pieces) => AsyncIterable<Uint8Array>;

/**
 * The main function of the thread. It posts `hungry` to request a piece, and receives a piece or `end`. It posts each
 * decompressed piece, then waits for `more`. At the end it posts `done`, or the text of an error.
 */
export function unpackOnThread(decode: Decode, url: string): void {
  const port = process.getBuiltinModule('node:worker_threads').parentPort;
  let onPiece: (piece: Uint8Array | undefined) => void = () => undefined;
  let onMore: () => void = () => undefined;
  port?.on('message', (message: Uint8Array | 'end' | 'more') => {
    if (message === 'more') onMore();
    else onPiece(message === 'end' ? undefined : message);
  });
  const asked = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const piece = await new Promise<Uint8Array | undefined>((resolve) => {
        onPiece = resolve;
        port?.postMessage('hungry');
      });
      if (piece === undefined) return;
      yield piece;
    }
  };
  const work = async (): Promise<void> => {
    for await (const { buffer, byteOffset, length } of decode(url, asked())) {
      if (length === 0) continue;
      const taken = new Promise<void>((resolve) => {
        onMore = resolve;
      });
      port?.postMessage(
        new Uint8Array(buffer, byteOffset, length),
        buffer instanceof ArrayBuffer ? [buffer] : [],
      );
      await taken;
    }
  };
  work().then(
    () => port?.postMessage('done'),
    (error: unknown) => port?.postMessage(String(error)),
  );
}

/**
 * Decompresses with Zstandard's own decoder. Its wrapper reads pieces from a synchronous iterator, at most one per
 * step, so one piece is always ready. On damaged data the decoder yields empty pieces forever, without an error. Valid
 * data never needs more such steps than the piece has bytes.
 */
export async function* decodeZstd(url: string, pieces: Pieces): AsyncGenerator<Uint8Array, void, void> {
  const decoder = await import(url).then((module: typeof zstd) => new module.ZSTDDecoder());
  await decoder.init();
  const ready: Uint8Array[] = [];
  let steps = 0;
  const taken = function* (): Generator<Uint8Array, void, void> {
    for (let piece = ready.shift(); piece !== undefined; piece = ready.shift()) {
      steps = piece.length;
      yield piece;
    }
  };
  const unpacked = decoder.decodeStreaming(taken());
  const checked = (piece: Uint8Array): Uint8Array => {
    if (piece.length === 0) steps -= 1;
    if (steps < 0) throw new Error('the decoder makes no progress');
    return piece;
  };
  for await (const piece of pieces) {
    ready.push(piece);
    while (ready.length > 0) {
      const step = unpacked.next();
      if (step.done !== true) yield checked(step.value);
    }
  }
  for (const piece of unpacked) yield checked(piece);
}

/** Decompresses with XZ Embedded, stream after stream. */
export async function* decodeXz(url: string, pieces: Pieces): AsyncGenerator<Uint8Array, void, void> {
  const library = await import(url).then((module: { default: typeof xz }) => module.default);
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    let first: Uint8Array | undefined = next.value;
    const packed = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const piece = first ?? (await pieces.next()).value;
          first = undefined;
          if (piece instanceof Uint8Array) controller.enqueue(piece);
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    for await (const piece of new library.XzReadableStream(packed)) yield piece;
  }
}

/** The part of seek-bzip that is used. It reads and writes byte by byte, synchronously. */
interface BzipDecoder {
  readonly decode: (
    input: {
      readonly readByte: () => number;
      readonly read: (into: Uint8Array, from: number, length: number) => number;
    },
    output: { readonly writeByte: (byte: number) => void },
  ) => void;
}

/**
 * Another main function, for bzip2. It posts and receives the same messages as {@link unpackOnThread}, but its decoder
 * is synchronous: the thread sleeps until a message arrives, for which the sender increments a shared counter.
 */
export function unpackBzip2OnThread(url: string): void {
  const threads: {
    readonly parentPort: typeof parentPort;
    readonly receiveMessageOnPort: typeof receiveMessageOnPort;
    readonly workerData: unknown;
  } = process.getBuiltinModule('node:worker_threads');
  const { parentPort: port, workerData: arrivals, receiveMessageOnPort: receive } = threads;
  if (port === null || !(arrivals instanceof Int32Array))
    throw new Error('this code runs only in a worker thread');
  const asked = (request: Uint8Array | 'hungry'): unknown => {
    port.postMessage(request);
    for (;;) {
      const seen = Atomics.load(arrivals, 0);
      const answer: { readonly message: unknown } | undefined = receive(port);
      if (answer !== undefined) return answer.message;
      Atomics.wait(arrivals, 0, seen);
    }
  };
  let piece: Uint8Array = new Uint8Array(0);
  let at = 0;
  const hasMore = (): boolean => {
    if (at < piece.length) return true;
    const message = asked('hungry');
    if (!(message instanceof Uint8Array)) return false;
    piece = message;
    at = 0;
    return true;
  };
  const readByte = (): number => {
    if (at === piece.length && !hasMore()) throw new Error('truncated');
    at += 1;
    return piece[at - 1] ?? 0;
  };
  const read = (into: Uint8Array, from: number, length: number): number => {
    for (let each = 0; each < length; each += 1) into[from + each] = readByte();
    return length;
  };
  const unpacked = new Uint8Array(256 * 1024);
  let length = 0;
  const flush = (): void => {
    if (length > 0) asked(unpacked.slice(0, length));
    length = 0;
  };
  const writeByte = (byte: number): void => {
    unpacked[length] = byte;
    length += 1;
    if (length === unpacked.length) flush();
  };
  import(url)
    .then(({ default: decoder }: { readonly default: BzipDecoder }) => {
      while (hasMore()) decoder.decode({ readByte, read }, { writeByte });
      flush();
      port.postMessage('done');
    })
    .catch((error: unknown) => port.postMessage(String(error)));
}

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
  let give: (piece: Uint8Array | undefined) => void = () => undefined;
  let goOn: () => void = () => undefined;
  port?.on('message', (message: Uint8Array | 'end' | 'more') => {
    if (message === 'more') goOn();
    else give(message === 'end' ? undefined : message);
  });
  const asked = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const piece = await new Promise<Uint8Array | undefined>((resolve) => {
        give = resolve;
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
        goOn = resolve;
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
    if (steps < 0) throw new Error('the decoder does not get on');
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

import type * as xz from 'xz-decompress';
import type * as zstd from 'zstddec/stream';

/*
 * What a thread does that unpacks. These functions are handed over as text, so that no build needs to know of a second
 * entry: they refer to nothing outside of themselves but types. Each archive has a thread of its own, so nothing that a
 * decoder leaks or hangs at outlives the archive.
 */

type Pieces = AsyncGenerator<Uint8Array, void, void>;

/** Gives what the pieces that come unpack to, by a decoder that is loaded from a URL. */
type Decode = (url: string, pieces: Pieces) => AsyncIterable<Uint8Array>;

/**
 * The thread: asks for pieces (`hungry`), is given them or told that there are no more (`end`), sends what they unpack
 * to, waits after each until that is taken (`more`), and says that it is `done`, or what went wrong.
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
 * Zstandard's own decoder. Its wrapper wants its pieces from an iterator that cannot wait: each step takes at most one,
 * so one is always kept ready. It works for ever, without an error, at data that is damaged, whereas sound data leaves
 * it nothing to do after one step for each byte.
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

/** XZ Embedded, one stream after the other. */
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

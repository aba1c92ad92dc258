import { asError } from '../streams/index.js';
import { PassThrough, Transform, type TransformCallback } from 'node:stream';

import {
  EngineError,
  EngineProtocolError,
  TruncatedStream,
  described,
  type RequestDescription,
} from './errors.js';

/*
 * The engine multiplexes the output of a container without a terminal into frames: one byte for the stream (0 stdin, 1
 * stdout, 2 stderr, 3 an error of the engine), three zero bytes, the payload's length as a big-endian 32-bit integer,
 * the payload.
 */
const headerLength = 8;
const lengthOffset = 4;
const complaintStream = 3;
/** The maximum length of an engine error that is kept, in bytes. */
const maxErrorTextLength = 64 * 1024;

/** Demultiplexes an output, wherever its chunks split the frames. */
class FrameReader {
  readonly #request: RequestDescription;
  readonly #header = Buffer.alloc(headerLength);
  #headerBytes = 0;
  /** Bytes of the current frame's payload that have not arrived yet. */
  #missing = 0;
  #complaint: Buffer[] | undefined;

  constructor(request: RequestDescription) {
    this.#request = request;
  }

  /**
   * Yields the payloads in a chunk.
   *
   * @throws EngineProtocolError when a frame is malformed; EngineError when the engine reports an error within the
   * output.
   */
  *read(chunk: Buffer): Generator<Buffer, void, void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing === 0) {
        rest = rest.subarray(this.#begin(rest));
      } else {
        const payload = rest.subarray(0, this.#missing);
        rest = rest.subarray(payload.length);
        this.#missing -= payload.length;
        if (this.#complaint === undefined) yield payload;
        else this.#complain(this.#complaint, payload);
      }
    }
  }

  /** @throws TruncatedStream when the output ends inside a frame. */
  end(): void {
    if (this.#headerBytes === 0 && this.#missing === 0) return;
    throw new TruncatedStream(`the output of ${described(this.#request)} ended inside a frame`);
  }

  /** Consumes bytes of a frame's header; returns how many. */
  #begin(bytes: Buffer): number {
    const taken = bytes.copy(this.#header, this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes < headerLength) return taken;
    const stream = this.#header.readUInt8(0);
    if (stream > complaintStream || this.#header.readUIntBE(1, 3) !== 0) {
      throw new EngineProtocolError(
        `the output of ${described(this.#request)} has a frame that begins with ${this.#header.toString('hex')}`,
      );
    }
    this.#headerBytes = 0;
    this.#missing = this.#header.readUInt32BE(lengthOffset);
    this.#complaint = stream === complaintStream ? [] : undefined;
    return taken;
  }

  #complain(pieces: Buffer[], payload: Buffer): void {
    pieces.push(payload);
    const text = Buffer.concat(pieces);
    if (this.#missing > 0 && text.length < maxErrorTextLength) return;
    throw new EngineError(this.#request, 200, text.toString('utf8').trim(), { inBand: true });
  }
}

/**
 * Creates the transform for a container's output. It emits stdout and stderr interleaved as written.
 *
 * @param tty - with a terminal the output is raw, otherwise multiplexed.
 * @param request - the request, for error messages.
 */
export function outputReader(tty: boolean, request: RequestDescription): Transform {
  if (tty) return new PassThrough();
  const frames = new FrameReader(request);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      attempt(done, () => {
        for (const payload of frames.read(chunk)) this.push(payload);
      });
    },
    flush(done) {
      attempt(done, () => frames.end());
    },
  });
}

/** A transform must pass its errors to its callback. */
function attempt(done: TransformCallback, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(asError(error));
    return;
  }
  done();
}

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
 * Without a terminal, the engine sends a container's two outputs as frames: one byte for the stream (0 input, 1 output,
 * 2 errors, 3 the engine's own complaint), three zero bytes, the payload's length in four bytes big-endian, the
 * payload.
 */
const headerLength = 8;
const lengthOffset = 4;
const complaintStream = 3;
/** Bytes of a complaint of the engine's that are kept. */
const longestComplaint = 64 * 1024;

/** Takes the frames off an output that the engine sent multiplexed, however its chunks cut them. */
class FrameReader {
  readonly #request: RequestDescription;
  readonly #header = Buffer.alloc(headerLength);
  #headerBytes = 0;
  /** Payload of the current frame that has not come yet. */
  #missing = 0;
  #complaint: Buffer[] | undefined;

  constructor(request: RequestDescription) {
    this.#request = request;
  }

  /**
   * Gives the payloads in a chunk.
   *
   * @throws EngineProtocolError at a frame that cannot be; EngineError when the engine complains in the middle of the
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

  /** @throws TruncatedStream when the output may not end here. */
  end(): void {
    if (this.#headerBytes === 0 && this.#missing === 0) return;
    throw new TruncatedStream(`the output of ${described(this.#request)} ended inside a frame`);
  }

  /** Takes bytes of a frame's header; returns how many. */
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
    if (this.#missing > 0 && text.length < longestComplaint) return;
    throw new EngineError(this.#request, 200, text.toString('utf8').trim(), { inBand: true });
  }
}

/**
 * Makes what an output of a container's runs through, whose bytes come out in the order they were written, both streams
 * together.
 *
 * @param tty - with a terminal the engine sends the output bare, without one in frames.
 * @param request - what was asked, for error messages.
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

/** A transform must hand its errors to its callback. */
function attempt(done: TransformCallback, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(asError(error));
    return;
  }
  done();
}

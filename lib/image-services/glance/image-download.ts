import { GlanceConnectionFailed, ImageUnacceptable, type Logger } from '../../../interfaces/index.js';
import { ConnectionBroken } from '../../http/index.js';
import type { Meter } from '../../progress/index.js';
import { DeadlineExceeded, sleep, type ByteSource } from '../../streams/index.js';
import type { Verification } from '../shared/index.js';
import { openData, type DataConnection, type DataRequest } from './data-connection.js';
import { backoff } from './backoff.js';

/** Error code of an answer that seems complete but is too short. */
const endedEarly = 'ENDED_EARLY';

/** The companions of a download: verification, progress, resuming and logging. */
interface DownloadCompanions {
  /** Verifies the bytes; undefined for a part of an image. */
  readonly verification: Verification | undefined;
  readonly meter: Meter;
  /** Maximum number of resumes. */
  readonly maxResumes: number;
  readonly logger: Logger;
}

/**
 * Streams an image's data. When a connection breaks, goes silent or ends early, the download resumes at the current
 * position, provided that the last connection delivered new bytes. The hash continues across connections, so that the
 * data is verified as a whole.
 */
export class ImageDownload implements ByteSource {
  readonly reusesBuffer = true;
  readonly #wanted: DataRequest;
  readonly #with: DownloadCompanions;
  /** Position after the last requested byte; undefined if the image's size is unknown. */
  readonly #end: number | undefined;
  readonly #closing = new AbortController();
  #connection: DataConnection;
  /** Position of the next byte for the reader. */
  #position: number;
  /** Position of the next byte from the connection. */
  #arriving: number;
  #progressed = false;
  #resumes = 0;

  private constructor(wanted: DataRequest, companions: DownloadCompanions, connection: DataConnection) {
    this.#wanted = wanted;
    this.#with = companions;
    this.#end = wanted.last === undefined ? (wanted.record.size ?? undefined) : wanted.last + 1;
    this.#connection = connection;
    this.#position = wanted.first;
    this.#arriving = connection.first;
  }

  /** Starts a download. Errors of {@link openData} are passed on. */
  static async begin(wanted: DataRequest, companions: DownloadCompanions): Promise<ImageDownload> {
    return new ImageDownload(wanted, companions, await openData(wanted));
  }

  /**
   * @throws ImageUnacceptable when the data does not match the record.
   * @throws GlanceConnectionFailed when the service fails to deliver the data. Errors of {@link openData} are passed
   * on.
   */
  async next(): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array | undefined;
    do bytes = await this.#advance();
    while (bytes?.length === 0);
    return bytes;
  }

  close(): void {
    this.#closing.abort();
    this.#connection.close();
  }

  /** Returns the next bytes, an empty buffer after a resume, and undefined at the end. */
  async #advance(): Promise<Uint8Array | undefined> {
    try {
      const arrived = await this.#connection.next();
      if (arrived !== undefined) return this.#pass(this.#unread(arrived));
      this.#checkLength();
    } catch (error) {
      if (!(error instanceof ConnectionBroken || error instanceof DeadlineExceeded)) throw error;
      if (this.#position !== this.#end) {
        await this.#resume(error);
        return Buffer.alloc(0);
      }
      // All data has arrived; only the end of the HTTP message was lost.
    }
    this.#with.verification?.end();
    this.#with.meter.end();
    return undefined;
  }

  /** Removes the bytes that the reader already has. */
  #unread(arrived: Uint8Array): Uint8Array {
    const known = Math.min(arrived.length, this.#position - this.#arriving);
    this.#arriving += arrived.length;
    return arrived.subarray(known);
  }

  #pass(bytes: Uint8Array): Uint8Array {
    this.#progressed ||= bytes.length > 0;
    this.#position += bytes.length;
    const { verification, meter } = this.#with;
    verification?.update(bytes);
    if (this.#end !== undefined && this.#position > this.#end) {
      throw new ImageUnacceptable(`Image ${this.#wanted.record.id} has more bytes than requested.`);
    }
    meter.add(bytes.length);
    return bytes;
  }

  #checkLength(): void {
    // Behind uWSGI, a failing Glance ends its answer as if it were complete.
    if (this.#end === undefined || this.#position >= this.#end) return;
    throw new ConnectionBroken(`the data ends at byte ${this.#position} of ${this.#end}`, endedEarly, false);
  }

  async #resume(failure: ConnectionBroken | DeadlineExceeded): Promise<void> {
    const { record } = this.#wanted;
    if (!this.#progressed || this.#resumes >= this.#with.maxResumes) throw this.#lost(failure);
    this.#resumes += 1;
    this.#connection.close();
    this.#with.logger.warn(`the download of image ${record.id} broke off: resuming it`, {
      byte: this.#position,
      why: failure.message,
    });
    const { signal } = this.#closing;
    await sleep(backoff(0), signal);
    const caller = { ...this.#wanted.caller, signal };
    this.#connection = await openData({ ...this.#wanted, caller, first: this.#position });
    if (signal.aborted) this.#connection.close();
    this.#arriving = this.#connection.first;
    this.#progressed = false;
  }

  #lost(cause: ConnectionBroken | DeadlineExceeded): Error {
    const { id } = this.#wanted.record;
    if (cause instanceof ConnectionBroken && cause.systemCode === endedEarly) {
      return new ImageUnacceptable(`The data of image ${id} is not complete: ${cause.message}.`, { cause });
    }
    return new GlanceConnectionFailed(`The download of image ${id} broke off: ${cause.message}.`, { cause });
  }
}

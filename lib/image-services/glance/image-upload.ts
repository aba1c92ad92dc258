import {
  GlanceConnectionFailed,
  ImageDeleteConflict,
  ImageNotActive,
  ImageNotFound,
  ImageUnacceptable,
  type ImageRecord,
  type Logger,
  type RequestContext,
} from '../../../interfaces/index.js';
import { Deadline, DeadlineExceeded, sleep, readableOf } from '../../streams/index.js';
import { ImageConflict, type Incoming } from '../shared/index.js';
import { ConnectionBroken } from '../../http/index.js';
import type { Credentials } from './credentials.js';
import type { Reply } from './glance-client.js';
import { HttpTransport, readContent } from './http-transport.js';
import { pathOf, type Caller, type ImageRecords } from './image-records.js';
import type { Settings } from './options.js';
import { refusal } from './error-to-exception.js';
import { UploadBody } from './upload-body.js';

/** Dependencies of the uploader. */
interface UploadTools {
  readonly records: ImageRecords;
  readonly credentials: Credentials;
  readonly settings: Settings;
  readonly logger: Logger;
}

/** The parameters of an upload. */
interface Upload {
  readonly caller: Caller;
  readonly image_id: string;
  /**
   * The endpoint that has just returned the image. No other endpoint can be tried, because data can be sent only once.
   */
  readonly endpoint: string;
  readonly incoming: Incoming;
  /** The upload's caller has just created the image: a failed upload removes it. */
  readonly isOurs: boolean;
}

/** The outcome of the only attempt to send the data. */
interface Sent {
  readonly body: UploadBody;
  /** The service's answer, if there was one. */
  readonly reply?: Reply;
  /** The error, if there was no answer. */
  readonly failure?: unknown;
  /** The service may have received a part of the request. */
  readonly isBegun: boolean;
}

/**
 * The state of an image after a failed upload and its rollback. `stored`: it has its data after all. `gone`: it was
 * deleted. `taken`: another client has uploaded data or is uploading it. `undone`: rolled back.
 */
type Aftermath = { readonly stored: ImageRecord } | 'gone' | 'taken' | 'undone';

/**
 * Milliseconds between two polls of an image that is still `saving`. Glance 25.1 needs 200 ms to notice that its client
 * has disconnected.
 */
const betweenLooksMs = 250;

/** Uploads image data. A failed upload leaves no half-uploaded image behind. */
export class ImageUploader {
  readonly #tools: UploadTools;

  constructor(tools: UploadTools) {
    this.#tools = tools;
  }

  /**
   * Uploads the data of a queued image.
   *
   * After a failure the image is `queued` as before, or deleted: an image that stays `saving` in Glance accepts no data
   * any more, and an image created for this upload is useless without data. An upload that arrived completely, but
   * whose answer was lost, counts as successful.
   *
   * @throws the signal's reason when the signal aborts.
   * @throws ImageConflict when another client has uploaded data or is uploading it.
   * @throws ImageQuotaExceeded when the service refuses the size.
   * @throws ImageNotFound when the image was deleted during the upload.
   * @throws ImageUnacceptable when the service stored other bytes; an image that existed before keeps them.
   * @throws ImageNotActive when the image received all data but was deactivated.
   * @throws GlanceConnectionFailed when the connection fails, or the rollback fails.
   * @throws ImageNotAuthorized when the service refuses access.
   * @throws ImageServiceError for other error answers. Errors of the caller's data are passed on.
   */
  async upload(upload: Upload): Promise<ImageRecord> {
    const sent = await this.#send(upload);
    if (sent.reply?.status === 204) return this.#confirm(upload, sent.body);
    const failure = failureOf(upload, sent);
    const aftermath = await this.#cleanUp(upload, sent, failure);
    upload.caller.signal?.throwIfAborted();
    // Glance answers 409 also for an image that is being deleted: then throw ImageNotFound instead.
    const tellsAll = ({ status }: Reply): boolean => status !== conflict || aftermath !== 'gone';
    const isTold =
      upload.incoming.failure !== undefined ||
      (sent.reply !== undefined && !isAbsence(sent.reply) && tellsAll(sent.reply));
    if (isTold || aftermath === 'undone') throw failure;
    const { image_id } = upload;
    if (aftermath === 'gone') throw new ImageNotFound(`There is no image ${image_id}.`, { cause: failure });
    if (aftermath !== 'taken') return aftermath.stored;
    throw new ImageConflict(`Another client has uploaded the data of image ${image_id}.`, { cause: failure });
  }

  /** Removes an image that this service created, even if it is protected. */
  async remove(context: RequestContext, image_id: string): Promise<void> {
    const { records } = this.#tools;
    const caller = { context, signal: undefined };
    try {
      await records.delete(caller, image_id);
    } catch (error) {
      if (error instanceof ImageNotFound) return;
      if (!(error instanceof ImageDeleteConflict)) throw error;
      // After an interrupted upload, Glance restores the image's old record and would protect it again: wait for that.
      await this.#watch(context, image_id, this.#tools.settings.timeouts.settleMs);
      await records.change(caller, image_id, { protected: false });
      await records.delete(caller, image_id);
    }
  }

  async #send({ caller, image_id, endpoint, incoming }: Upload): Promise<Sent> {
    const { credentials, settings } = this.#tools;
    const deadline = new Deadline('the first bytes', settings.timeouts.idleMs, caller.signal);
    const body = new UploadBody(incoming, deadline, settings.timeouts);
    const stream = readableOf(body);
    // A connection of its own: the service may be closing a reused one, and closing it stops the rest of the request.
    const transport = new HttpTransport(settings, false);
    let isBegun = false;
    try {
      await body.ready();
      const { token } = await credentials.session(caller.context, caller.signal);
      isBegun = true;
      const answer = await transport.send({
        method: 'PUT',
        url: `${endpoint}${pathOf(image_id)}/file`,
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/octet-stream',
          'X-Auth-Token': token,
        },
        body: stream,
        signal: deadline.signal,
      });
      const { status, header } = answer;
      return {
        body,
        isBegun,
        reply: { status, header, content: await readContent(answer, deadline.signal) },
      };
    } catch (failure) {
      return { body, isBegun, failure };
    } finally {
      deadline.clear();
      stream.destroy();
      transport.close();
    }
  }

  /** Verifies that the service stored the bytes that were sent. */
  async #confirm({ caller, image_id, isOurs }: Upload, body: UploadBody): Promise<ImageRecord> {
    const { context } = caller;
    const { record } = await this.#tools.records.show({ context, signal: undefined }, image_id);
    if (!holds(record, body)) {
      if (isOurs) await this.remove(context, image_id);
      const fate = isOurs ? 'removed' : 'left as it is';
      throw new ImageUnacceptable(
        `Glance stored other data for image ${image_id} than the ${body.size} bytes sent, and the image was ${fate}.`,
      );
    }
    // An operator may have deactivated the image during the upload on purpose: do not change that.
    if (record.status !== 'active')
      throw new ImageNotActive(`Image ${image_id} is ${record.status} after its upload, not active.`);
    return record;
  }

  async #cleanUp(upload: Upload, sent: Sent, failure: unknown): Promise<Aftermath> {
    try {
      return await this.#settle(upload, sent);
    } catch (error) {
      const { image_id, caller } = upload;
      const what = `The upload of image ${image_id} failed, and its rollback failed too`;
      this.#tools.logger.error(what, { failure, error });
      caller.signal?.throwIfAborted();
      throw new GlanceConnectionFailed(`${what}.`, { cause: new AggregateError([failure, error], what) });
    }
  }

  async #settle({ caller, image_id, isOurs, incoming }: Upload, sent: Sent): Promise<Aftermath> {
    const { context, signal } = caller;
    const { body, reply, isBegun } = sent;
    const { settleMs } = this.#tools.settings.timeouts;
    const isWhole = body.complete && incoming.failure === undefined;
    const mayBeStored = isBegun && isWhole && reply === undefined && signal?.aborted !== true;
    if (reply?.status === conflict && (await this.#look(context, image_id)) === undefined) return 'gone';
    if (isOurs) {
      const record = mayBeStored ? await this.#watch(context, image_id, settleMs) : undefined;
      if (record !== undefined && isStored(record, body)) return { stored: record };
      await this.remove(context, image_id);
      return 'undone';
    }
    if (!isBegun) return 'undone';
    if (reply?.status === conflict) return 'taken';
    const record = await this.#watch(context, image_id, reply === undefined ? settleMs : 0);
    if (record === undefined) return 'gone';
    if (mayBeStored && isStored(record, body)) return { stored: record };
    if (record.status === 'queued') return 'undone';
    if (record.status !== 'saving' || (reply !== undefined && isAbsence(reply))) return 'taken';
    await this.#tools.records.delete({ context, signal: undefined }, image_id);
    return 'undone';
  }

  /**
   * Polls an image until the service has finished with it.
   *
   * @param timeoutMs - maximum milliseconds to wait.
   * @returns the image, possibly still `saving`; undefined if it was deleted.
   */
  async #watch(
    context: RequestContext,
    image_id: string,
    timeoutMs: number,
  ): Promise<ImageRecord | undefined> {
    const end = performance.now() + timeoutMs;
    let before: string | undefined;
    for (;;) {
      const record = await this.#look(context, image_id);
      if (record === undefined || performance.now() >= end) return record;
      // Requires `queued` twice: Glance may still start an upload whose client has already disconnected.
      const { status } = record;
      if (status === 'queued' ? before === status : status !== 'saving') return record;
      before = status;
      await sleep(betweenLooksMs, undefined);
    }
  }

  async #look(context: RequestContext, image_id: string): Promise<ImageRecord | undefined> {
    try {
      return (await this.#tools.records.show({ context, signal: undefined }, image_id)).record;
    } catch (error) {
      if (error instanceof ImageNotFound) return undefined;
      throw error;
    }
  }
}

const conflict = 409;

/**
 * Glance 25.1 answers 410 when the image was deleted during the upload, and also to the slower of two concurrent
 * uploads.
 */
const isAbsence = ({ status }: Reply): boolean => status === 404 || status === 410;

/** Whether an image has exactly the bytes that were sent. Compares the hash only if it is SHA-512, as ours. */
const holds = (record: ImageRecord, { size, sha512 }: UploadBody): boolean =>
  record.size === size && (record.os_hash_algo !== 'sha512' || record.os_hash_value === sha512);

/** Whether an image is active and has exactly these bytes. */
const isStored = (record: ImageRecord, body: UploadBody): boolean =>
  record.status === 'active' && holds(record, body);

/** The error for the caller of a failed upload. */
function failureOf({ image_id, incoming }: Upload, { reply, failure }: Sent): unknown {
  if (incoming.failure !== undefined) return incoming.failure;
  if (reply !== undefined)
    return refusal({ method: 'PUT', path: `${pathOf(image_id)}/file` }, reply, image_id);
  if (!(failure instanceof ConnectionBroken || failure instanceof DeadlineExceeded)) return failure;
  const message = `The upload of image ${image_id} broke off: ${failure.message}.`;
  return new GlanceConnectionFailed(message, { cause: failure });
}

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
import { Deadline, DeadlineExceeded, pause, readableOf } from '../../streams/index.js';
import { ImageConflict, type Incoming } from '../shared/index.js';
import { ConnectionBroken } from '../../http/index.js';
import type { Credentials } from './credentials.js';
import type { Reply } from './glance-client.js';
import { HttpTransport, readContent } from './http-transport.js';
import { pathOf, type Caller, type ImageRecords } from './image-records.js';
import type { Settings } from './options.js';
import { refusal } from './refusals.js';
import { UploadBody } from './upload-body.js';

/** What uploads work with. */
interface UploadTools {
  readonly records: ImageRecords;
  readonly credentials: Credentials;
  readonly settings: Settings;
  readonly logger: Logger | undefined;
}

/** An upload to do. */
interface Upload {
  readonly caller: Caller;
  readonly image_id: string;
  /**
   * Where the image was seen a moment ago. Data can be sent only once, so there is no trying one endpoint after the
   * other.
   */
  readonly endpoint: string;
  readonly incoming: Incoming;
  /** We have just made the image, and remove it when the upload fails. */
  readonly isOurs: boolean;
}

/** What became of the one attempt to send. */
interface Sent {
  readonly body: UploadBody;
  /** What the service answered, if it did. */
  readonly reply?: Reply;
  /** Why it did not. */
  readonly failure?: unknown;
  /** Something of the request may have arrived. */
  readonly isBegun: boolean;
}

/** What the image service made of a failed upload, after what had to be removed was removed. */
type Aftermath = { readonly stored: ImageRecord } | 'gone' | 'taken' | 'undone';

/**
 * Milliseconds between two looks at an image that is still `saving`. Glance 25.1 needs 200 to see that its client is
 * gone.
 */
const betweenLooks = 250;

/** Sends images' data, and leaves nothing half done. */
export class ImageUploader {
  readonly #tools: UploadTools;

  constructor(tools: UploadTools) {
    this.#tools = tools;
  }

  /**
   * Gives a queued image its data.
   *
   * After a failure the image is `queued` as before, or gone: an image that Glance keeps `saving` takes no data any
   * more, and one that we have made ourselves is of no use to anybody. An upload whose answer was lost but which
   * arrived whole has not failed.
   *
   * @throws the signal's reason; what the caller's data fails with; ImageConflict when somebody else has uploaded or is
   * uploading; ImageQuotaExceeded; ImageNotFound when the image was deleted; ImageUnacceptable when the service has
   * stored other bytes: an image that is not ours keeps them; ImageNotActive when the image was deactivated with all
   * its data; GlanceConnectionFailed, ImageNotAuthorized, ImageServiceError.
   */
  async upload(upload: Upload): Promise<ImageRecord> {
    const sent = await this.#send(upload);
    if (sent.reply?.status === 204) return this.#confirm(upload, sent.body);
    const failure = failureOf(upload, sent);
    const aftermath = await this.#cleanUp(upload, sent, failure);
    upload.caller.signal?.throwIfAborted();
    // Glance refuses data for an image that is being deleted as a conflict of its states.
    const tellsAll = ({ status }: Reply): boolean => status !== conflict || aftermath !== 'gone';
    const isTold =
      upload.incoming.failure !== undefined ||
      (sent.reply !== undefined && !isAbsence(sent.reply) && tellsAll(sent.reply));
    if (isTold || aftermath === 'undone') throw failure;
    const { image_id } = upload;
    if (aftermath === 'gone') throw new ImageNotFound(`There is no image ${image_id}.`, { cause: failure });
    if (aftermath !== 'taken') return aftermath.stored;
    throw new ImageConflict(`Somebody else has given image ${image_id} its data.`, { cause: failure });
  }

  /** Removes an image that we have made, protected or not. */
  async remove(context: RequestContext, image_id: string): Promise<void> {
    const { records } = this.#tools;
    const caller = { context, signal: undefined };
    try {
      await records.delete(caller, image_id);
    } catch (error) {
      if (error instanceof ImageNotFound) return;
      if (!(error instanceof ImageDeleteConflict)) throw error;
      // Glance ends an upload that broke off by writing the image as it was before, and so would protect it again.
      await this.#watch(context, image_id, this.#tools.settings.timeouts.settle);
      await records.change(caller, image_id, { protected: false });
      await records.delete(caller, image_id);
    }
  }

  async #send({ caller, image_id, endpoint, incoming }: Upload): Promise<Sent> {
    const { credentials, settings } = this.#tools;
    const deadline = new Deadline('the first bytes', settings.timeouts.idle, caller.signal);
    const body = new UploadBody(incoming, deadline, settings.timeouts);
    const stream = readableOf(body);
    // Connections of its own: none that the service may just be closing, and closing them ends whatever is left of the
    // request.
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

  /** The service says that it has everything: so has it? */
  async #confirm({ caller, image_id, isOurs }: Upload, body: UploadBody): Promise<ImageRecord> {
    const { context } = caller;
    const { record } = await this.#tools.records.show({ context, signal: undefined }, image_id);
    if (!holds(record, body)) {
      if (isOurs) await this.remove(context, image_id);
      const fate = isOurs ? 'removed' : 'left as it is';
      throw new ImageUnacceptable(
        `Image ${image_id} was stored with other bytes than the ${body.size} that were sent, and was ${fate}.`,
      );
    }
    // It has its data, and whoever deactivated it meanwhile had a reason.
    if (record.status !== 'active')
      throw new ImageNotActive(`Image ${image_id} has its data, and is ${record.status}, not active.`);
    return record;
  }

  async #cleanUp(upload: Upload, sent: Sent, failure: unknown): Promise<Aftermath> {
    try {
      return await this.#settle(upload, sent);
    } catch (error) {
      const { image_id, caller } = upload;
      const what = `The upload of image ${image_id} failed, and what is left of it could not be removed`;
      this.#tools.logger?.error(what, { failure, error });
      caller.signal?.throwIfAborted();
      throw new GlanceConnectionFailed(`${what}.`, { cause: new AggregateError([failure, error], what) });
    }
  }

  async #settle({ caller, image_id, isOurs, incoming }: Upload, sent: Sent): Promise<Aftermath> {
    const { context, signal } = caller;
    const { body, reply, isBegun } = sent;
    const { settle } = this.#tools.settings.timeouts;
    const isWhole = body.complete && incoming.failure === undefined;
    const mayBeStored = isBegun && isWhole && reply === undefined && signal?.aborted !== true;
    if (reply?.status === conflict && (await this.#look(context, image_id)) === undefined) return 'gone';
    if (isOurs) {
      const record = mayBeStored ? await this.#watch(context, image_id, settle) : undefined;
      if (record !== undefined && isStored(record, body)) return { stored: record };
      await this.remove(context, image_id);
      return 'undone';
    }
    if (!isBegun) return 'undone';
    if (reply?.status === conflict) return 'taken';
    const record = await this.#watch(context, image_id, reply === undefined ? settle : 0);
    if (record === undefined) return 'gone';
    if (mayBeStored && isStored(record, body)) return { stored: record };
    if (record.status === 'queued') return 'undone';
    if (record.status !== 'saving' || (reply !== undefined && isAbsence(reply))) return 'taken';
    await this.#tools.records.delete({ context, signal: undefined }, image_id);
    return 'undone';
  }

  /**
   * The image when the service is done with it, or is still at it when the patience ends; undefined when it is gone.
   */
  async #watch(
    context: RequestContext,
    image_id: string,
    patience: number,
  ): Promise<ImageRecord | undefined> {
    const end = performance.now() + patience;
    let before: string | undefined;
    for (;;) {
      const record = await this.#look(context, image_id);
      if (record === undefined || performance.now() >= end) return record;
      // Queued once is not enough: Glance may yet begin with an upload whose client has gone.
      const { status } = record;
      if (status === 'queued' ? before === status : status !== 'saving') return record;
      before = status;
      await pause(betweenLooks, undefined);
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
 * Glance 25.1 says 410 when the image was deleted during the upload, and also to the slower of two that upload at the
 * same time.
 */
const isAbsence = ({ status }: Reply): boolean => status === 404 || status === 410;

/** Whether an image has just the bytes that were sent. A hash of another kind than ours cannot be compared. */
const holds = (record: ImageRecord, { size, sha512 }: UploadBody): boolean =>
  record.size === size && (record.os_hash_algo !== 'sha512' || record.os_hash_value === sha512);

/** Whether an image with just these bytes can be used. */
const isStored = (record: ImageRecord, body: UploadBody): boolean =>
  record.status === 'active' && holds(record, body);

/** What to tell the caller of an upload that did not succeed. */
function failureOf({ image_id, incoming }: Upload, { reply, failure }: Sent): unknown {
  if (incoming.failure !== undefined) return incoming.failure;
  if (reply !== undefined)
    return refusal({ method: 'PUT', path: `${pathOf(image_id)}/file` }, reply, image_id);
  if (!(failure instanceof ConnectionBroken || failure instanceof DeadlineExceeded)) return failure;
  const message = `The upload of image ${image_id} broke off: ${failure.message}.`;
  return new GlanceConnectionFailed(message, { cause: failure });
}

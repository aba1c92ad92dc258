import type { Readable } from 'node:stream';
import type { ImageMetadata, ImageRecord, RequestContext } from '../../interfaces/index.js';
import { sleep } from '../../lib/streams/index.js';
import { SmallImageService } from './small-image-service.js';

const longEnoughForAnError = 50;

/** An image service that waits before it reads its data. */
export class LateReader extends SmallImageService {
  readonly #onGiven: () => void;

  /** @param onGiven - called when `create` has received the stream, before anything reads it. */
  constructor(onGiven: () => void) {
    super();
    this.#onGiven = onGiven;
  }

  override async create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: Readable,
  ): Promise<ImageRecord> {
    this.#onGiven();
    await sleep(longEnoughForAnError, undefined);
    return await super.create(context, metadata, data);
  }
}

import { Transform, type Readable } from 'node:stream';
import type {
  ByteRange,
  DownloadOptions,
  ImageMetadata,
  ImageRecord,
  ImageService,
  LongRunningOptions,
  RequestContext,
  VerbOptions,
} from '../../interfaces/index.js';

/** One download of an image, or of a range of it. */
export interface CountedDownload {
  readonly image_id: string;
  readonly range: ByteRange | undefined;
  bytes: number;
}

/** Wraps an image service: counts the bytes of downloads and uploads, and can spoil downloads. */
export class CountedImages implements ImageService {
  readonly #service: ImageService;
  readonly downloads: CountedDownload[] = [];
  /** The bytes of each upload. */
  readonly uploads = new Map<string, number>();
  /** Replaces the data of a range that is downloaded. */
  spoil:
    ((range: ByteRange, give: (range?: ByteRange) => Promise<Readable>) => Promise<Readable>) | undefined;

  constructor(service: ImageService) {
    this.#service = service;
  }

  /** Returns the bytes that were downloaded since the last call. */
  takeBytes(): number {
    return this.downloads.splice(0).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  show(context: RequestContext, image_id: string, options: VerbOptions = {}): Promise<ImageRecord> {
    return this.#service.show(context, image_id, options);
  }

  detail(context: RequestContext, options: VerbOptions = {}): Promise<ImageRecord[]> {
    return this.#service.detail(context, options);
  }

  async download(
    context: RequestContext,
    image_id: string,
    options: DownloadOptions = {},
  ): Promise<Readable> {
    const { range, signal, onProgress } = options;
    const others = { signal, onProgress };
    const counted = { image_id, range, bytes: 0 };
    this.downloads.push(counted);
    const give = (part?: ByteRange): Promise<Readable> =>
      this.#service.download(context, image_id, part === undefined ? others : { ...others, range: part });
    const stream =
      range === undefined || this.spoil === undefined ? await give(range) : await this.spoil(range, give);
    return passed(stream, (bytes) => (counted.bytes += bytes));
  }

  create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: Readable,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    return this.#service.create(context, metadata, data, options);
  }

  update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: Readable,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    const counted =
      data === undefined
        ? undefined
        : passed(data, (bytes) => this.uploads.set(image_id, (this.uploads.get(image_id) ?? 0) + bytes));
    return this.#service.update(context, image_id, metadata, counted, options);
  }

  delete(context: RequestContext, image_id: string, options: VerbOptions = {}): Promise<void> {
    return this.#service.delete(context, image_id, options);
  }
}

function passed(source: Readable, onBytes: (bytes: number) => void): Readable {
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  source.on('error', (error) => counter.destroy(error));
  counter.once('close', () => source.destroy());
  return source.pipe(counter);
}

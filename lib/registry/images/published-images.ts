import { pipeline, Readable, Transform } from 'node:stream';
import {
  type ImageFilters,
  type ImageRecord,
  type ImageService,
  ImageUnacceptable,
  type RequestContext,
} from '../../../interfaces/index.js';
import { asBytes, readAll, verifiedStream } from '../../streams/index.js';
import type { BlobRange, StoredBlob } from '../blobs/index.js';
import { contentsOf, type ImageContents, type ImagePart, registryProperty } from './contents.js';

/** An image of the image service that was pushed. */
export interface PublishedImage {
  readonly record: ImageRecord;
  readonly digest: string;
  readonly contents: ImageContents;
  /** The list of manifests that the tag stands for, if a list was pushed. */
  readonly index: string | undefined;
}

/**
 * Finds pushed images in the image service, and reads their parts, always with the rights of the client.
 *
 * An image service that serves every request as one user shows the images of all projects. So this class compares owners
 * itself, too.
 */
export class PublishedImages {
  readonly #imageService: ImageService;

  constructor(imageService: ImageService) {
    this.#imageService = imageService;
  }

  /** Returns the images of a repository that the client may read, newest first. */
  async ofRepository(
    context: RequestContext,
    repository: string,
    signal: AbortSignal,
  ): Promise<PublishedImage[]> {
    return await this.#list(context, { properties: { [registryProperty.repository]: repository } }, signal);
  }

  /** Returns the images that are about a manifest, for instance its signatures. */
  async about(
    context: RequestContext,
    repository: string,
    digest: string,
    signal: AbortSignal,
  ): Promise<PublishedImage[]> {
    const properties = {
      [registryProperty.repository]: repository,
      [registryProperty.subject]: digest,
    };
    return await this.#list(context, { properties }, signal);
  }

  /**
   * Returns the image with a tag: the project's own one, else a public one. Other projects' shared and community images
   * are left out: their owners could otherwise take any name.
   */
  async tagged(
    context: RequestContext,
    repository: string,
    tag: string,
    signal: AbortSignal,
  ): Promise<PublishedImage | undefined> {
    const properties = { [registryProperty.repository]: repository };
    const named = await this.#list(context, { name: `${repository}:${tag}`, properties }, signal);
    return (
      named.find(({ record }) => isOwn(context, record)) ??
      named.find(({ record }) => record.visibility === 'public')
    );
  }

  /** Returns the tag by which the client can pull an image; undefined when it has none. */
  tagOf(context: RequestContext, { record }: PublishedImage, repository: string): string | undefined {
    const prefix = `${repository}:`;
    const mayPullByTag = isOwn(context, record) || record.visibility === 'public';
    return mayPullByTag && record.name?.startsWith(prefix) === true
      ? record.name.slice(prefix.length)
      : undefined;
  }

  /**
   * Opens a part of an image, which the caller must read or destroy. A whole part is verified on the way: the stream
   * fails with ImageUnacceptable when its digest differs.
   */
  async open(
    context: RequestContext,
    { record }: Pick<PublishedImage, 'record'>,
    { digest, offset, size }: ImagePart,
    signal: AbortSignal,
    range: BlobRange = { first: 0, last: size - 1 },
  ): Promise<Readable> {
    // HTTP cannot express an empty range.
    if (size === 0) return Readable.from([], { objectMode: false });
    const { first } = range;
    const last = Math.min(range.last, size - 1);
    const data = await this.#imageService.download(context, record.id, {
      range: { first: offset + first, last: offset + last },
      signal,
    });
    const exact = ofSize(data, last - first + 1, record.id);
    if (first > 0 || last < size - 1) return exact;
    return verifiedStream(exact, 'sha256', digest.slice('sha256:'.length), (found) => {
      return new ImageUnacceptable(
        `Image ${record.id} has a blob with the digest sha256:${found}, not ${digest}`,
      );
    });
  }

  /** Returns a blob of an image; undefined when the image does not have it. */
  blob(
    context: RequestContext,
    image: PublishedImage,
    digest: string,
    signal: AbortSignal,
  ): StoredBlob | undefined {
    const part = image.contents.blobs.find((each) => each.digest === digest);
    if (part === undefined) return undefined;
    const open = (range?: BlobRange): Promise<Readable> => this.open(context, image, part, signal, range);
    return { digest, size: part.size, open };
  }

  /** Reads the manifest of an image. */
  async manifest(context: RequestContext, image: PublishedImage, signal: AbortSignal): Promise<Buffer> {
    const { manifest } = image.contents;
    return await readAll(await this.open(context, image, manifest, signal), manifest.size);
  }

  async #list(
    context: RequestContext,
    filters: ImageFilters,
    signal: AbortSignal,
  ): Promise<PublishedImage[]> {
    const records = await this.#imageService.detail(context, {
      filters: { ...filters, status: 'active' },
      signal,
    });
    return records
      .filter((record) => mayRead(context, record))
      .flatMap((record) => published(record) ?? [])
      .sort((one, other) => other.record.created_at.localeCompare(one.record.created_at));
  }
}

/** Whether an image belongs to the project of a context. A context without a project owns all images. */
export function isOwn(context: RequestContext, { owner }: Pick<ImageRecord, 'owner'>): boolean {
  return typeof context.project_id !== 'string' || owner === context.project_id;
}

const mayRead = (context: RequestContext, record: ImageRecord): boolean =>
  isOwn(context, record) || record.visibility === 'public' || record.visibility === 'community';

function published(record: ImageRecord): PublishedImage | undefined {
  const contents = contentsOf(record);
  if (contents === undefined) return undefined;
  const index = record.properties[registryProperty.index];
  return { record, digest: contents.manifest.digest, contents, index };
}

/** Fails when the image service sends another number of bytes than was asked for. */
function ofSize(source: Readable, size: number, image_id: string): Readable {
  let left = size;
  const refused = (): Error =>
    new ImageUnacceptable(`The image service returned another range of image ${image_id} than requested`);
  const exact = new Transform({
    transform: (chunk: unknown, _encoding, done) => {
      const bytes = asBytes(chunk);
      left -= bytes.length;
      done(left < 0 ? refused() : null, bytes);
    },
    flush: (done) => done(left > 0 ? refused() : null),
  });
  return pipeline(source, exact, () => {
    // The reader of the result receives the error.
  });
}

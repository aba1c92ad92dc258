import { pipeline, Readable, Transform } from 'node:stream';
import {
  type ImageFilters,
  type ImageRecord,
  type ImageService,
  ImageNotAuthorized,
  ImageUnacceptable,
  type RequestContext,
} from '../../../interfaces/index.js';
import { asBytes, raceSignal, readAll, steadyNow, verifiedStream } from '../../streams/index.js';
import type { BlobRange, StoredBlob } from '../blobs/index.js';
import { contentsOf, type ImageContents, type ImagePart, registryProperty } from './contents.js';

/** An image of the image service that was pushed. */
export interface PublishedImage {
  readonly record: ImageRecord;
  readonly digest: string;
  readonly contents: ImageContents;
  /** The digest of the list of manifests that the tag stands for, if a list was pushed. */
  readonly list: string | undefined;
}

/** Milliseconds that a list of a repository's images is kept: a client asks for each layer of an image. */
const listLifetimeMs = 2000;

interface KeptList {
  readonly images: Promise<PublishedImage[]>;
  readonly until: number;
}

/**
 * Finds pushed images in the image service, and reads their parts, always with the rights of the client.
 *
 * An image service that serves every request as one user shows the images of all projects. So this class compares owners
 * itself, too.
 */
export class PublishedImages {
  readonly #imageService: ImageService;
  /** By client and repository. */
  readonly #kept = new WeakMap<RequestContext, Map<string, KeptList>>();

  constructor(imageService: ImageService) {
    this.#imageService = imageService;
  }

  /** Returns the images of a repository that the client may read: the project's own first, each kind newest first. */
  async ofRepository(
    context: RequestContext,
    repository: string,
    signal: AbortSignal,
  ): Promise<PublishedImage[]> {
    const lists = this.#kept.get(context) ?? new Map<string, KeptList>();
    this.#kept.set(context, lists);
    const kept = lists.get(repository);
    if (kept !== undefined && kept.until > steadyNow()) return await raceSignal(kept.images, signal);
    lists.clear();
    const images = this.#list(context, { properties: { [registryProperty.repository]: repository } });
    lists.set(repository, { images, until: steadyNow() + listLifetimeMs });
    images.catch(() => lists.delete(repository));
    return await raceSignal(images, signal);
  }

  /** Reads the list anew next time, because the client has changed the repository. */
  forget(context: RequestContext): void {
    this.#kept.delete(context);
  }

  /** Returns the images that refer to a manifest, for instance its signatures. */
  async referrers(
    context: RequestContext,
    repository: string,
    digest: string,
    signal: AbortSignal,
  ): Promise<PublishedImage[]> {
    const properties = {
      [registryProperty.repository]: repository,
      [registryProperty.subject]: digest,
    };
    return await raceSignal(this.#list(context, { properties }), signal);
  }

  /** Returns the image with a tag: the project's own one, else a public one. */
  async tagged(
    context: RequestContext,
    repository: string,
    tag: string,
    signal: AbortSignal,
  ): Promise<PublishedImage | undefined> {
    const properties = { [registryProperty.repository]: repository };
    const [first] = await raceSignal(
      this.#list(context, { name: `${repository}:${tag}`, properties }),
      signal,
    );
    return first;
  }

  /** Returns the tag by which the client can pull an image; undefined when it has none. */
  tagOf({ record }: PublishedImage, repository: string): string | undefined {
    const prefix = `${repository}:`;
    return record.name?.startsWith(prefix) === true ? record.name.slice(prefix.length) : undefined;
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
    // Nothing to hold: the image service keeps the image while it is read.
    return { digest, size: part.size, open, hold: () => () => undefined };
  }

  /** Reads the manifest of an image. */
  async manifest(context: RequestContext, image: PublishedImage, signal: AbortSignal): Promise<Buffer> {
    const { manifest } = image.contents;
    return await readAll(await this.open(context, image, manifest, signal), manifest.size);
  }

  async #list(context: RequestContext, filters: ImageFilters): Promise<PublishedImage[]> {
    const records = await this.#imageService.detail(context, { filters: { ...filters, status: 'active' } });
    const rank = ({ record }: PublishedImage): number => (isOwn(context, record) ? 0 : 1);
    return records
      .filter((record) => mayRead(context, record))
      .flatMap((record) => published(record) ?? [])
      .sort(
        (one, other) =>
          rank(one) - rank(other) || other.record.created_at.localeCompare(one.record.created_at),
      );
  }
}

/** @throws ImageNotAuthorized when the context has no project: pushed images would have no owner. */
export function projectIdOf({ project_id }: RequestContext): string {
  if (typeof project_id === 'string' && project_id !== '') return project_id;
  throw new ImageNotAuthorized('The account has no project, so it cannot use the registry.');
}

/** Whether an image belongs to the project of a context. */
export function isOwn(context: RequestContext, { owner }: Pick<ImageRecord, 'owner'>): boolean {
  return owner === projectIdOf(context);
}

/**
 * Only an administrator can make an image public. Shared and community images of other projects are left out: their
 * owners could write properties that claim any repository and any digest.
 */
const mayRead = (context: RequestContext, record: ImageRecord): boolean =>
  isOwn(context, record) || record.visibility === 'public';

function published(record: ImageRecord): PublishedImage | undefined {
  const contents = contentsOf(record);
  if (contents === undefined) return undefined;
  const list = record.properties[registryProperty.list];
  // A property cannot be removed, so an empty one means none.
  return { record, digest: contents.manifest.digest, contents, list: list === '' ? undefined : list };
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

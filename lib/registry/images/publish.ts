import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type ImageMetadata,
  ImageNotFound,
  type ImageRecord,
  type ImageService,
  ImageUnacceptable,
  type Logger,
} from '../../../interfaces/index.js';
import {
  blobArchive,
  blobsOf,
  blockSize,
  endOfArchive,
  type ImageLimits,
  type ImageManifest,
  mayBeImage,
  validateImageSize,
  wholeFile,
} from '../../archives/index.js';
import { digestOf } from '../../common/index.js';
import { withDeadline } from '../../streams/index.js';
import type { StoredBlob } from '../blobs/index.js';
import { RegistryError } from '../http/index.js';
import { contentsProperty, type ImageContents, registryProperty } from './contents.js';
import { projectIdOf } from './published-images.js';
import type { Repository } from './repository-blobs.js';

/** Milliseconds for removing an unfinished image. The client may be gone, so its signal does not bound this. */
const removalTimeoutMs = 30_000;

/** What clients push by a name: a manifest, or a list of manifests. */
export interface PushedContent {
  readonly content: Buffer;
  readonly mediaType: string;
  /** The digest of the manifest that this one is about. */
  readonly subject: string | undefined;
}

/**
 * Validates a pushed manifest, its blobs and its size before anything of it is stored.
 *
 * @throws RegistryError when the registry lacks a blob, or a size is wrong.
 * @throws ImageUnacceptable when the image exceeds a limit.
 */
export function validateManifest(
  manifest: ImageManifest,
  content: Buffer,
  blobs: ReadonlyMap<string, StoredBlob>,
  limits: ImageLimits,
): void {
  validateImageSize(limits, manifest, content, 'The pushed image');
  for (const { digest, size } of blobsOf(manifest)) {
    const blob = blobs.get(digest);
    if (blob === undefined)
      throw new RegistryError(
        'MANIFEST_BLOB_UNKNOWN',
        `The manifest names the blob ${digest}, which this repository does not have. Push the blob first.`,
      );
    if (blob.size !== size)
      throw new RegistryError(
        'MANIFEST_INVALID',
        `The manifest says that the blob ${digest} has ${size} bytes, but it has ${blob.size}.`,
      );
  }
}

/** Creates images of the image service from what clients push. Their names are `repository@digest`, without a tag. */
export class Publisher {
  readonly #imageService: ImageService;
  readonly #logger: Logger;

  constructor(imageService: ImageService, logger: Logger) {
    this.#imageService = imageService;
    this.#logger = logger;
  }

  /**
   * Stores a manifest and its blobs, as one stream. A manifest that is no image (a signature, a bill of materials) gets the
   * container format `bare`, so that Nova does not boot it.
   *
   * @param blobs - by digest; see {@link validateManifest}.
   * @throws the image service's error. Then no image is left.
   */
  async manifest(
    repository: Repository,
    pushed: PushedContent & { readonly manifest: ImageManifest },
    blobs: ReadonlyMap<string, StoredBlob>,
  ): Promise<ImageRecord> {
    const { manifest, content, mediaType } = pushed;
    const { archive, ...parts } = blobArchive({
      ...{ manifest: { ...manifest, mediaType }, content, signal: repository.signal },
      blob: (digest) => opened(blobs, digest),
    });
    const format = mayBeImage(manifest) ? 'docker' : 'bare';
    return await this.#create(repository, pushed, { mediaType, ...parts }, format, archive);
  }

  /** Stores a list of manifests. */
  async list(repository: Repository, pushed: PushedContent): Promise<ImageRecord> {
    const { content, mediaType } = pushed;
    const manifest = { digest: digestOf(content), offset: blockSize, size: content.length };
    const archive = Readable.from([...wholeFile('list.json', content), endOfArchive], { objectMode: false });
    return await this.#create(repository, pushed, { mediaType, manifest, blobs: [] }, 'bare', archive);
  }

  async #create(
    { context, name, signal }: Repository,
    { content, subject }: PushedContent,
    contents: ImageContents,
    container_format: string,
    archive: Readable,
  ): Promise<ImageRecord> {
    const [id, digest] = [randomUUID(), digestOf(content)];
    const metadata: ImageMetadata = {
      ...{ id, name: `${name}@${digest}`, container_format, disk_format: 'raw' },
      ...{ owner: projectIdOf(context), visibility: 'private' },
      properties: {
        [registryProperty.repository]: name,
        [registryProperty.digest]: digest,
        ...(subject === undefined ? {} : { [registryProperty.subject]: subject }),
        ...contentsProperty(id, contents),
      },
    };
    try {
      return await this.#imageService.create(context, metadata, archive, { signal });
    } catch (error) {
      await this.#remove(context, id);
      throw error;
    } finally {
      archive.destroy();
    }
  }

  /** After a lost answer, the service keeps the image. It is ours: the id was generated for this push. */
  async #remove(context: Repository['context'], id: string): Promise<void> {
    try {
      await withDeadline('the removal of an unfinished image', removalTimeoutMs, undefined, (signal) =>
        this.#imageService.delete(context, id, { signal }),
      );
    } catch (error) {
      if (!(error instanceof ImageNotFound))
        this.#logger.warn('The registry could not remove an unfinished image', { image_id: id, error });
    }
  }
}

async function opened(blobs: ReadonlyMap<string, StoredBlob>, digest: string): Promise<Readable> {
  const blob = blobs.get(digest);
  if (blob === undefined) throw new ImageUnacceptable(`The registry lacks the blob ${digest}`);
  return await blob.open();
}

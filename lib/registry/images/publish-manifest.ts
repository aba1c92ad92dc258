import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  ImageUnacceptable,
  type RequestContext,
} from '../../../interfaces/index.js';
import {
  blobArchive,
  blobsOf,
  type ImageLimits,
  type ImageManifest,
  mayBeImage,
  validateImageSize,
} from '../../archives/index.js';
import type { StoredBlob } from '../blobs/index.js';
import { RegistryError } from '../http/index.js';
import { contentsProperty, registryProperty } from './contents.js';
import type { Repository } from './repository-blobs.js';

/** A manifest that a client pushed, and what it needs. */
interface PushedManifest {
  readonly repository: Repository;
  /** The name of the new image. */
  readonly name: string;
  readonly manifest: ImageManifest;
  readonly content: Buffer;
  readonly mediaType: string;
  /** By digest; see {@link validateBlobs}. */
  readonly blobs: ReadonlyMap<string, StoredBlob>;
}

/**
 * Validates a pushed manifest before anything of it is stored.
 *
 * @throws RegistryError when the registry lacks a blob, or a size is wrong.
 * @throws ImageUnacceptable when the image exceeds a limit.
 */
export function validateBlobs(
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

/**
 * Creates an image of the image service from a manifest and its blobs, as one stream.
 *
 * A manifest that is no image (a signature, a bill of materials) gets the container format `bare`, so that Nova does not
 * boot it.
 *
 * @throws the image service's error. Then no image is left.
 */
export async function publishManifest(
  imageService: ImageService,
  pushed: PushedManifest,
): Promise<ImageRecord> {
  const { repository, name, manifest, content, mediaType, blobs } = pushed;
  const { context, signal } = repository;
  const id = randomUUID();
  const archived = blobArchive({
    ...{ manifest: { ...manifest, mediaType }, content, signal },
    blob: (digest) => opened(blobs, digest),
  });
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const { archive, ...parts } = archived;
  const metadata: ImageMetadata = {
    ...{ id, name, container_format: mayBeImage(manifest) ? 'docker' : 'bare', disk_format: 'raw' },
    ...ownerOf(context),
    properties: {
      [registryProperty.repository]: repository.name,
      [registryProperty.digest]: digest,
      ...subjectOf(manifest),
      ...contentsProperty(id, { mediaType, ...parts, ...artifactOf(manifest) }),
    },
  };
  try {
    return await imageService.create(context, metadata, archive, { signal });
  } finally {
    archive.destroy();
  }
}

const ownerOf = ({ project_id }: RequestContext): ImageMetadata =>
  typeof project_id === 'string' ? { owner: project_id } : {};

const subjectOf = ({ subject }: ImageManifest): Record<string, string> =>
  subject === null || subject === undefined ? {} : { [registryProperty.subject]: subject.digest };

/** What a list of referrers tells of a manifest. */
function artifactOf({ artifactType, config, annotations }: ImageManifest): {
  artifactType?: string;
  annotations?: Record<string, string>;
} {
  const type = artifactType ?? config.mediaType;
  return {
    ...(type === null || type === undefined ? {} : { artifactType: type }),
    ...(annotations === null || annotations === undefined ? {} : { annotations }),
  };
}

async function opened(blobs: ReadonlyMap<string, StoredBlob>, digest: string): Promise<Readable> {
  const blob = blobs.get(digest);
  if (blob === undefined) throw new ImageUnacceptable(`The registry lacks the blob ${digest}`);
  return await blob.open();
}

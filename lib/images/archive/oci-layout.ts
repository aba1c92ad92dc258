import { z } from 'zod';
import { metadataAt } from './archive-metadata.js';
import { ArchiveRefused, shown } from './archive-refused.js';
import type { ArchiveFiles } from './archive-files.js';
import { goStruct, parseJson, why } from './go-json.js';
import type { ImageLimits } from './limits.js';
import type { Manifest } from './manifest.js';

/** The file that an archive of the OCI layout begins at. */
export const indexPath = 'index.json';

const descriptor = goStruct(
  {
    mediaType: z.string().nullish(),
    digest: z.string(),
    platform: goStruct({ os: z.string(), architecture: z.string() }, [
      'variant',
      'os.version',
      'os.features',
    ]).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    urls: z.array(z.unknown()).nullish(),
  },
  ['size', 'data', 'artifactType'],
);

type Descriptor = z.output<typeof descriptor>;

const documentFields = ['mediaType', 'artifactType', 'subject', 'annotations'];

const imageIndex = goStruct(
  { schemaVersion: z.literal(2), manifests: z.array(descriptor) },
  documentFields,
);

const imageManifest = goStruct(
  { schemaVersion: z.literal(2), config: descriptor, layers: z.array(descriptor) },
  documentFields,
);

/** How deep indexes may lie in indexes: builders make one within another. */
const deepest = 4;

/**
 * Finds the one image that the index of an OCI layout leads to, through further indexes if need be. What lies beside an
 * image (attestations, signatures) is passed over, and so are images of which the archive does not hold the manifest: a
 * layout may tell of more than it holds.
 *
 * @param architecture - which image to take of several, as Go names it: `amd64`.
 * @throws ArchiveRefused when there is not exactly one.
 */
export function ociManifest(files: ArchiveFiles, limits: ImageLimits, architecture: string): Manifest {
  const found = new Map<string, Descriptor>();
  collect(files, indexPath, 1, found, new Set());
  const images = [...found.values()];
  const fitting = images.filter(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  if (images.length === 0) throw new ArchiveRefused('holds no image: its index leads to none');
  const [image, ...others] = images.length === 1 ? images : fitting;
  if (image === undefined || others.length > 0)
    throw new ArchiveRefused(
      `holds ${images.length} images, ${fitting.length} of them for linux/${architecture}: an archive must hold one`,
    );
  return manifestOf(files, blobPath(image), limits);
}

function collect(
  files: ArchiveFiles,
  path: string,
  depth: number,
  found: Map<string, Descriptor>,
  seen: Set<string>,
): void {
  if (depth > deepest) throw new ArchiveRefused(`holds indexes that lie more than ${deepest} deep`);
  const { manifests } = parsed(files, path, 'index', imageIndex);
  for (const each of manifests) {
    const blob = blobPath(each);
    if (isBeside(each) || seen.has(blob) || !files.has(blob)) continue;
    seen.add(blob);
    if (/index\.v1|manifest\.list\.v2/.test(each.mediaType ?? ''))
      collect(files, blob, depth + 1, found, seen);
    else found.set(blob, each);
  }
}

/**
 * Whether it is no image, but something about one. Builders say of attestations that they are for an unknown system.
 */
function isBeside({ annotations, platform }: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.['vnd.docker.reference.type'] !== undefined;
}

function manifestOf(files: ArchiveFiles, path: string, { maxLayers }: ImageLimits): Manifest {
  const { config, layers } = parsed(files, path, 'manifest', imageManifest);
  if (layers.length > maxLayers)
    throw new ArchiveRefused(`has ${layers.length} layers, which is more than the ${maxLayers} allowed`);
  for (const { digest, mediaType, urls } of layers) {
    if ((urls ?? []).length > 0 || /foreign|nondistributable/.test(mediaType ?? ''))
      throw new ArchiveRefused(`has the layer ${shown(digest)}, which is to be fetched from elsewhere`);
  }
  return { configuration: blobPath(config), layers: layers.map(blobPath) };
}

function parsed<T extends z.ZodType>(
  files: ArchiveFiles,
  path: string,
  role: 'index' | 'manifest',
  schema: T,
): z.output<T> {
  const result = schema.safeParse(parseJson(path, metadataAt(files, path, role).toString('utf8')));
  if (!result.success)
    throw new ArchiveRefused(
      `has the ${role} ${shown(path)}, which is not one: ${why(result.error)}`,
      result.error,
    );
  return result.data;
}

function blobPath({ digest }: Descriptor): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new ArchiveRefused(`names ${shown(digest)}, which is not a sha256 digest`);
  return `blobs/sha256/${hex}`;
}

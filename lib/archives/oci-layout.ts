import { z } from 'zod';
import { metadataAt } from './archive-metadata.js';
import { ArchiveRefused, NotForThisHost, shown } from './archive-refused.js';
import type { ArchiveFiles } from './archive-files.js';
import { goStructInAnyCase, parseGoJson, why } from './go-json.js';
import { validateLayerLimit, type ImageLimits } from './limits.js';
import type { Manifest } from './manifest.js';
import { isIndexType, isManifestType, lowestVariant, mayBeImage } from './media-types.js';

/** The entry point of an OCI layout. */
export const indexPath = 'index.json';

/** Engines compare it without regard to letter case. */
const osName = z.string().transform((name) => name.toLowerCase());

/** The platform of an image. If the index omits `os` or `architecture`, the image's configuration has them. */
const platform = goStructInAnyCase(
  { os: osName.nullish(), architecture: z.string().nullish(), variant: z.string().nullish() },
  ['os.version', 'os.features'],
);

/** The fields may be absent or null, because engines accept both. */
const descriptor = goStructInAnyCase(
  {
    mediaType: z.string().nullish(),
    digest: z.string(),
    platform: platform.nullish(),
    annotations: z.record(z.string(), z.unknown()).nullish(),
  },
  ['size', 'data', 'urls', 'artifactType'],
);

type Descriptor = z.output<typeof descriptor>;

/** Old writers omit it, and engines ignore it. Manifests of version 1 predate layer digests. */
const schemaVersion = z.literal(2).nullish();

const imageIndex = goStructInAnyCase({ schemaVersion, manifests: z.array(descriptor) }, [
  'mediaType',
  'artifactType',
  'subject',
  'annotations',
]);

const imageManifest = goStructInAnyCase(
  { schemaVersion, artifactType: z.string().nullish(), config: descriptor, layers: z.array(descriptor) },
  ['mediaType', 'subject', 'annotations'],
);

type ImageManifest = z.output<typeof imageManifest>;

/** An image that an index references. */
interface Found {
  readonly manifest: ImageManifest;
  readonly platform: z.output<typeof platform>;
  /** The path of the index that references the image. */
  readonly index: string;
}

/** The maximum nesting depth of indexes: builders nest one index in another. */
const deepest = 4;

/**
 * Finds the only image that an OCI layout's index references, directly or through nested indexes. It skips data about
 * images (attestations, signatures, SBOMs), and images whose manifest is not in the archive: a layout may reference
 * more than it holds.
 *
 * @param architecture - the architecture of the image to select among several, in Go's spelling: `amd64`. Among several
 * variants it selects the one that runs on all processors.
 * @throws ArchiveRefused when the index does not lead to exactly one image.
 * @throws NotForThisHost when there are several images, all for other architectures.
 */
export function ociManifest(
  files: ArchiveFiles,
  limits: ImageLimits,
  architecture: string | undefined,
): Manifest {
  const found = new Map<string, Found>();
  const strange: string[] = [];
  collect(files, indexPath, 1, found, new Set(), strange);
  const images = [...found.values()];
  const [unknown] = strange;
  if (images.length === 0 && unknown !== undefined) throw notSha256(unknown);
  if (images.length === 0) throw new ArchiveRefused('holds no image: its index names no image manifest');
  const fitting = images.filter(
    ({ platform: { os, architecture: its } }) => os === 'linux' && its === architecture,
  );
  const [image, ...others] =
    images.length === 1 ? images : lowestVariant(fitting, ({ platform: { variant } }) => variant);
  // The image specification selects the first of several matching images in a nested index. The layout's own index may
  // list unrelated images, so several matches there are ambiguous.
  const isAmbiguous = others.some(({ index }) => index === indexPath || index !== image?.index);
  if (fitting.length === 0 && images.length > 1 && architecture !== undefined)
    throw new NotForThisHost(`holds ${images.length} images, none of them for linux/${architecture}`);
  if (image === undefined || isAmbiguous)
    throw new ArchiveRefused(
      `holds ${images.length} images, ${fitting.length} of them for this host: an archive must hold one`,
    );
  const { config, layers } = image.manifest;
  validateLayerLimit(layers.length, limits.maxLayers);
  return { configuration: blobPath(config), layers: layers.map(blobPath) };
}

function collect(
  files: ArchiveFiles,
  path: string,
  depth: number,
  found: Map<string, Found>,
  seen: Set<string>,
  strange: string[],
): void {
  if (depth > deepest) throw new ArchiveRefused(`nests indexes more than ${deepest} deep`);
  const { manifests } = parsed(files, path, 'index', imageIndex);
  for (const each of manifests) {
    if (isBeside(each)) continue;
    const blob = pathOf(each.digest);
    if (blob === undefined) strange.push(each.digest);
    if (blob === undefined || seen.has(blob) || !files.has(blob)) continue;
    seen.add(blob);
    if (isIndexType(each.mediaType)) collect(files, blob, depth + 1, found, seen, strange);
    else {
      const manifest = parsed(files, blob, 'manifest', imageManifest);
      if (mayBeImage(manifest))
        found.set(blob, { manifest, platform: platformOf(files, each, manifest), index: path });
    }
  }
}

/**
 * Whether a descriptor is not for an image, but for data about one. Builders set the platform of attestations to
 * `unknown`.
 */
function isBeside({ annotations, mediaType, platform: its }: Descriptor): boolean {
  return (
    its?.os === 'unknown' ||
    annotations?.['vnd.docker.reference.type'] !== undefined ||
    !(isIndexType(mediaType) || isManifestType(mediaType))
  );
}

/** The platform of an image, from the index or else from its configuration. */
function platformOf(
  files: ArchiveFiles,
  { platform: said }: Descriptor,
  { config }: ImageManifest,
): Found['platform'] {
  if ((said?.os ?? '') !== '' && (said?.architecture ?? '') !== '') return said ?? {};
  const path = blobPath(config);
  if (!files.has(path)) return {};
  return parsed(files, path, 'configuration', platform);
}

function parsed<T extends z.ZodType>(
  files: ArchiveFiles,
  path: string,
  role: 'index' | 'manifest' | 'configuration',
  schema: T,
): z.output<T> {
  const result = schema.safeParse(parseGoJson(path, metadataAt(files, path, role).toString('utf8')));
  if (!result.success)
    throw new ArchiveRefused(
      `has the ${role} ${shown(path)}, which engines cannot read: ${why(result.error)}`,
      result.error,
    );
  return result.data;
}

function blobPath({ digest }: Descriptor): string {
  const path = pathOf(digest);
  if (path === undefined) throw notSha256(digest);
  return path;
}

/**
 * Engines support only sha256 digests. A blob with another digest may also be absent from the archive, so the caller
 * decides whether it is an error.
 */
function pathOf(digest: string): string | undefined {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  return hex === undefined ? undefined : `blobs/sha256/${hex}`;
}

const notSha256 = (digest: string): ArchiveRefused =>
  new ArchiveRefused(`names ${shown(digest)}, which is not a sha256 digest`);

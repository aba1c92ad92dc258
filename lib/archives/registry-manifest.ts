import { z } from 'zod';
import { ImageUnacceptable } from '../../interfaces/index.js';
import { MiB, sha256Digest } from '../common/index.js';
import { ArchiveRefused } from './archive-refused.js';
import type { LayerType } from './content-type.js';
import { goStruct, parseGoJson } from './go-json.js';
import type { ImageLimits } from './limits.js';
import { lowestVariant, mayBeImage } from './media-types.js';

/** Supported media types of manifests. The others predate layer digests or do not describe images. */
export const manifestTypes = {
  oci: 'application/vnd.oci.image.manifest.v1+json',
  docker: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;
export const ociIndexType = 'application/vnd.oci.image.index.v1+json';
/** Media types of lists of manifests. */
export const indexTypes: readonly string[] = [
  ociIndexType,
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** Layer media types, without the prefix `application/vnd.oci.image.`. The specification has none for xz and bzip2. */
const layerMediaTypes: Readonly<Partial<Record<LayerType, string>>> = {
  tar: 'layer.v1.tar',
  gzip: 'layer.v1.tar+gzip',
  zstd: 'layer.v1.tar+zstd',
};

/** @throws ImageUnacceptable when there is no media type for such a layer. */
export function layerMediaType(id: string, type: LayerType): string {
  const known = layerMediaTypes[type];
  if (known === undefined)
    throw new ImageUnacceptable(
      `Image ${id} has a layer that is compressed with ${type}: registries have layers with gzip or zstd, or not compressed`,
    );
  return known;
}

/** Maximum size of a manifest in bytes. */
export const maxManifestBytes = 4 * MiB;

/** `Accept` header of a manifest request. */
export const acceptedManifests = [...Object.values(manifestTypes), ...indexTypes].join(', ');

/** Nullish, because engines accept a missing or null value where they do not need it. */
const mediaType = z.string().nullish();
const schemaVersion = z.literal(2).nullish();
const digest = z.string().regex(sha256Digest, 'expected a sha256 digest');
const blob = goStruct({ mediaType, digest, size: z.int().nonnegative() }, [
  'urls',
  'annotations',
  'data',
  'platform',
  'artifactType',
]);
const imageManifest = goStruct({
  schemaVersion,
  mediaType,
  artifactType: z.string().nullish(),
  config: blob,
  layers: z.array(blob),
  subject: blob.nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const platform = goStruct(
  { os: z.string().nullish(), architecture: z.string().nullish(), variant: z.string().nullish() },
  ['os.version', 'os.features'],
);
const imageIndex = goStruct(
  {
    schemaVersion,
    mediaType,
    subject: blob.nullish(),
    manifests: z.array(
      goStruct({ mediaType, digest: z.string(), platform: platform.nullish() }, [
        'size',
        'urls',
        'annotations',
        'data',
        'artifactType',
      ]),
    ),
  },
  ['artifactType', 'annotations'],
);

/** A blob as listed in a manifest. */
export type Blob = z.output<typeof blob>;
/** The manifest of an image. */
export type ImageManifest = z.output<typeof imageManifest>;

/** Platform that an image runs on. */
export interface Platform {
  readonly os: string;
  /** Go's architecture name: `amd64`, `arm64`, … */
  readonly architecture: string;
}

const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Linux on this machine's architecture. */
export const ownPlatform: Platform = {
  os: 'linux',
  architecture: goNames[process.arch] ?? process.arch,
};

/**
 * Parses a manifest from a registry or an archive. Returns undefined when the JSON is malformed, is no manifest, or is
 * ambiguous, so that another parser could read it differently. The caller passes the content on unchanged.
 */
export function parsedImageManifest(content: Buffer): ImageManifest | undefined {
  return imageManifest.safeParse(readJson(content)).data;
}

/** A list of manifests. */
export type ImageIndex = z.output<typeof imageIndex>;

/** Parses a list of manifests; see {@link parsedImageManifest}. */
export function parsedImageIndex(content: Buffer): ImageIndex | undefined {
  return imageIndex.safeParse(readJson(content)).data;
}

function readJson(content: Buffer): unknown {
  try {
    return parseGoJson('manifest', content.toString('utf8'));
  } catch (error) {
    if (error instanceof ArchiveRefused) return undefined;
    throw error;
  }
}

/**
 * Reads a manifest or a manifest list.
 *
 * @param subject - name of the image, used as the start of error messages.
 * @returns the manifest, or the digest of the manifest for the platform. Among several variants, the one that runs on
 * all processors of the architecture is chosen.
 * @throws ImageUnacceptable when the content is neither, describes something other than an image, or has no manifest
 * for the platform.
 */
export function readManifest(
  content: Buffer,
  platform: Platform,
  subject: string,
): { readonly manifest: ImageManifest } | { readonly digest: string } {
  const manifest = parsedImageManifest(content);
  if (manifest !== undefined) {
    if (!mayBeImage(manifest))
      throw new ImageUnacceptable(
        `${subject} is not an image but an artifact, such as a signature, and cannot be booted`,
      );
    return { manifest };
  }
  const index = imageIndex.safeParse(readJson(content));
  if (!index.success)
    throw new ImageUnacceptable(`${subject} has a manifest that cannot be read`, { cause: index.error });
  const { os, architecture } = platform;
  const fitting = index.data.manifests.filter(
    (each) => each.platform?.os === os && each.platform.architecture === architecture,
  );
  const [found] = lowestVariant(fitting, (each) => each.platform?.variant);
  if (found === undefined)
    throw new ImageUnacceptable(`${subject} is not available for ${os}/${architecture}`);
  return { digest: found.digest };
}

/** The configuration, then the layers from the base up, without duplicates. */
export function blobsOf({ config, layers }: ImageManifest): readonly Blob[] {
  return [...new Map([config, ...layers].map((each) => [each.digest, each])).values()];
}

/**
 * Checks an image against the limits by the sizes in its manifest. Each blob is checked against its size during the
 * transfer.
 *
 * @param content - the manifest's bytes in the registry.
 * @param subject - name of the image, used as the start of error messages.
 * @throws ImageUnacceptable when a limit is exceeded.
 */
export function validateImageSize(
  { maxBytes, maxLayers, maxMetadataBytes }: ImageLimits,
  manifest: ImageManifest,
  content: Buffer,
  subject: string,
): void {
  const { config, layers } = manifest;
  if (layers.length > maxLayers)
    throw new ImageUnacceptable(`${subject} has ${layers.length} layers: ${maxLayers} are allowed`);
  if (Math.max(content.length, config.size) > maxMetadataBytes)
    throw new ImageUnacceptable(
      `${subject} has a manifest or a configuration that is larger than the ${maxMetadataBytes} bytes allowed`,
    );
  const size = blobsOf(manifest).reduce((sum, blob) => sum + blob.size, content.length);
  if (size > maxBytes) throw new ImageUnacceptable(`${subject} is larger than the ${maxBytes} bytes allowed`);
}

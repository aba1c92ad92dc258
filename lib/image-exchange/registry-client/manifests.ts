import { z } from 'zod';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import {
  ArchiveRefused,
  goStruct,
  lowestVariant,
  mayBeImage,
  parseJson,
  type ImageLimits,
} from '../../archives/index.js';

/** What a registry's manifests may be. The others are older than digests of layers, or no images. */
export const manifestTypes = {
  oci: 'application/vnd.oci.image.manifest.v1+json',
  docker: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;
const indexTypes: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** Bytes that a manifest may have. */
export const longestManifest = 4 * 1024 * 1024;

/** What a question for a manifest accepts. */
export const acceptedManifests = [...Object.values(manifestTypes), ...indexTypes].join(', ');

/** Engines ignore what is left out or null where they need nothing of it, so it is allowed to be. */
const mediaType = z.string().nullish();
const schemaVersion = z.literal(2).nullish();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected a sha256 digest');
const blob = goStruct({ mediaType, digest, size: z.int().nonnegative() }, [
  'urls',
  'annotations',
  'data',
  'platform',
  'artifactType',
]);
const imageManifest = goStruct(
  { schemaVersion, mediaType, artifactType: z.string().nullish(), config: blob, layers: z.array(blob) },
  ['subject', 'annotations'],
);
const platform = goStruct(
  { os: z.string().nullish(), architecture: z.string().nullish(), variant: z.string().nullish() },
  ['os.version', 'os.features'],
);
const imageIndex = goStruct(
  {
    schemaVersion,
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
  ['mediaType', 'artifactType', 'subject', 'annotations'],
);

/** A blob as a manifest names it. */
export type Blob = z.output<typeof blob>;
/** What an image consists of. */
export type ImageManifest = z.output<typeof imageManifest>;

/** The kind of machine that an image is for. */
export interface Platform {
  readonly os: string;
  /** As Go names it: `amd64`, `arm64`, … */
  readonly architecture: string;
}

const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Linux on this machine's processor. */
export const ownPlatform: Platform = {
  os: 'linux',
  architecture: goNames[process.arch] ?? process.arch,
};

/**
 * Reads JSON that a registry, or an archive, gives for a manifest; undefined when it is none, or others may read
 * something else in it: it is passed on as it is.
 */
export function parsedImageManifest(content: Buffer): ImageManifest | undefined {
  return imageManifest.safeParse(readJson(content)).data;
}

function readJson(content: Buffer): unknown {
  try {
    return parseJson('manifest', content.toString('utf8'));
  } catch (error) {
    if (error instanceof ArchiveRefused) return undefined;
    throw error;
  }
}

/**
 * Reads a manifest, which may be a list of manifests.
 *
 * @param subject - the image, as the beginning of a sentence.
 * @returns the manifest, or the digest of that for the platform: of several, the first for the variant that runs on all
 * processors of the architecture.
 * @throws ImageUnacceptable when it is neither, is that of something other than an image, or has none for the platform.
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
        `${subject} is something about an image, such as a signature, and cannot be booted`,
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
  if (found === undefined) throw new ImageUnacceptable(`${subject} is not there for ${os}/${architecture}`);
  return { digest: found.digest };
}

/** The configuration, then the layers from the base up. One that occurs twice is there once. */
export function blobsOf({ config, layers }: ImageManifest): readonly Blob[] {
  return [...new Map([config, ...layers].map((each) => [each.digest, each])).values()];
}

/**
 * Holds an image to what it may be at most, by what its manifest says of it: each blob is held to that when it flows.
 *
 * @param content - the manifest as the registry has it.
 * @param subject - the image, as the beginning of a sentence.
 * @throws ImageUnacceptable when it is larger, or has more layers.
 */
export function mustBeWithin(
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

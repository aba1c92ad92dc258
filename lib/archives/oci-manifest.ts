import { createHash } from 'node:crypto';
import { z } from 'zod';
import { manifestAnnotation, parsedJson, sha256Digest } from '../common/index.js';
import type { LayerType } from './content-type.js';

/** A layer's file as containerd's image store keeps it: a descriptor of the OCI image specification. */
export interface StoredLayer {
  /** `sha256:` and the digest of the file, which may be compressed. */
  readonly digest: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly mediaType: string;
}

const mediaType = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  configuration: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/**
 * Describes a layer's file.
 *
 * @param file - `blob`: its digest in hexadecimal. `size`: its bytes.
 */
export function storedLayer(file: {
  readonly blob: string;
  readonly size: number;
  readonly type: LayerType;
}): StoredLayer {
  const { blob, size, type } = file;
  const suffix = type === 'tar' ? '' : `+${type}`;
  return { mediaType: `${mediaType.layer}${suffix}`, digest: `sha256:${blob}`, size };
}

/** Writes the manifest of an image. Its digest is the image's id in containerd's store. */
export function imageManifest(configuration: Buffer, layers: readonly StoredLayer[]): Buffer {
  const config = describe(configuration, mediaType.configuration);
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaType.manifest, config, layers }));
}

/**
 * Writes the index of an OCI layout with one image. Its annotation repeats the manifest: engines show annotations, but
 * no manifest, and a later image needs to know the files of the layers that it shares.
 *
 * @param reference - the only reference that the archive claims; undefined for none.
 */
export function imageIndex(manifest: Buffer, reference: string | undefined): Buffer {
  const name = reference === undefined ? {} : { 'io.containerd.image.name': reference };
  const annotations = { ...name, [manifestAnnotation]: manifest.toString('utf8') };
  const image = { ...describe(manifest, mediaType.manifest), annotations };
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaType.index, manifests: [image] }));
}

const recordedManifest = z.object({
  layers: z.array(
    z.object({ mediaType: z.string(), digest: z.string().regex(sha256Digest), size: z.int().nonnegative() }),
  ),
});

/**
 * Reads which files containerd's store keeps for an image, from the annotation that {@link imageIndex} writes.
 *
 * @param id - the image's id, which authenticates the annotation.
 * @returns undefined when the image has no such annotation, or another image's.
 */
export function storedLayersOf(
  id: string,
  annotations: Readonly<Record<string, string>>,
): readonly StoredLayer[] | undefined {
  const manifest = annotations[manifestAnnotation];
  if (manifest === undefined || digestOf(manifest) !== id) return undefined;
  return recordedManifest.safeParse(parsedJson(manifest)).data?.layers;
}

const describe = (content: Buffer, type: string): StoredLayer => ({
  mediaType: type,
  digest: digestOf(content),
  size: content.length,
});

const digestOf = (content: Buffer | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

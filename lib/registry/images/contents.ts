import { z } from 'zod';
import { parsedJson, sha256Digest } from '../../common/index.js';
import type { ShownImage } from '../../image-services/index.js';

/** A part of an image: where it lies in the image's data, in bytes. */
export interface ImagePart {
  readonly digest: string;
  readonly offset: number;
  readonly size: number;
}

/** What a pushed image holds. Untrusted: anybody may write properties, so every part is verified when it is read. */
export interface ImageContents {
  readonly mediaType: string;
  readonly manifest: ImagePart;
  readonly blobs: readonly ImagePart[];
}

/** The properties by which the registry finds its images. */
export const registryProperty = {
  /** The repository, as clients name it. */
  repository: 'registry_repository',
  /** The digest of the manifest. {@link RegistryExchange} sets the same property. */
  digest: 'registry_digest',
  /** The digest of the manifest that this one is about, for instance of a signed image. */
  subject: 'registry_subject',
  /** The digest of the list of manifests that the image's tag stands for. */
  list: 'registry_list',
  contents: 'registry_contents',
} as const;

const bytes = z.int().nonnegative();
const digest = z.string().regex(sha256Digest);
const part = z
  .tuple([digest, bytes, bytes])
  .transform(([name, offset, size]): ImagePart => ({ digest: name, offset, size }));

/** A media type becomes a header of HTTP. */
export const mediaTypePattern = /^[\w.+-]{1,127}\/[\w.+-]{1,127}$/;

const contents = z.object({
  image: z.string(),
  mediaType: z.string().regex(mediaTypePattern),
  manifest: part,
  blobs: z.array(part),
});

/**
 * Encodes the contents as a property, with the image's id. Nova copies properties to snapshots, where the property would
 * describe the wrong image: {@link contentsOf} then ignores it.
 */
export function contentsProperty(
  image_id: string,
  { mediaType, manifest, blobs }: ImageContents,
): Record<string, string> {
  const tuple = ({ digest: name, offset, size }: ImagePart): [string, number, number] => [name, offset, size];
  const value: z.input<typeof contents> = {
    ...{ image: image_id, mediaType },
    ...{ manifest: tuple(manifest), blobs: blobs.map(tuple) },
  };
  return { [registryProperty.contents]: JSON.stringify(value) };
}

/** Returns what an image holds; undefined when the registry did not create it. */
export function contentsOf({ id, size, properties }: ShownImage): ImageContents | undefined {
  const found = contents.safeParse(parsedJson(properties[registryProperty.contents])).data;
  if (found?.image.toLowerCase() !== id.toLowerCase()) return undefined;
  const isInside = ({ offset, size: length }: ImagePart): boolean => offset + length <= (size ?? 0);
  return [found.manifest, ...found.blobs].every(isInside) ? found : undefined;
}

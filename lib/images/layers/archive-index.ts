import { z } from 'zod';
import type { RewrittenImage } from '../../archives/index.js';
import { parsedJson } from '../../common/index.js';
import type { ShownImage } from '../../image-services/index.js';

/** A file in an archive: its first byte, and how many there are. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

/** Where the parts of an image lie in its archive. It is a hint: whoever reads by it checks what is found there. */
export interface ArchiveIndex {
  readonly configuration: Extent;
  /** Of the configuration, in hexadecimal. */
  readonly digest: string;
  /** From the base up; one that occurs twice stands here twice. */
  readonly layers: readonly Extent[];
}

const propertyName = 'nova_docker_index';

const count = z.int().nonnegative();
const extent = z.tuple([count, count]);
const property = z.object({
  image: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  configuration: extent,
  layers: z.array(extent).min(1),
});

/**
 * The index as a property of an image. It names the image: Nova copies the properties of an image to the snapshots of
 * its instances, where they mean nothing.
 */
export function indexProperty(
  image_id: string,
  { configuration, digest, layers }: ArchiveIndex,
): Record<string, string> {
  const pair = ({ offset, size }: Extent): [number, number] => [offset, size];
  const index: z.input<typeof property> = {
    image: image_id,
    digest,
    configuration: pair(configuration),
    layers: layers.map(pair),
  };
  return { [propertyName]: JSON.stringify(index) };
}

/** @returns the index that an image's record carries; undefined when there is none that is about this image's data. */
export function recordedIndex({ id, size, properties }: ShownImage): ArchiveIndex | undefined {
  const index = property.safeParse(parsedJson(properties[propertyName])).data;
  if (index === undefined || !isAbout(index, id)) return undefined;
  const extents = [index.configuration, ...index.layers];
  if (extents.some(([offset, length]) => offset + length > (size ?? 0))) return undefined;
  const [configuration, ...layers] = extents.map(([offset, length]) => ({ offset, size: length }));
  return configuration === undefined ? undefined : { configuration, digest: index.digest, layers };
}

/**
 * The index of an archive that the rewriter wrote.
 *
 * @param files - where its files lie.
 * @returns undefined when they are not those of the image.
 */
export function indexOf(image: RewrittenImage, files: ReadonlyMap<string, Extent>): ArchiveIndex | undefined {
  const digest = image.id.replace(/^sha256:/, '');
  const configuration = files.get(`${digest}.json`);
  const layers = image.layers.flatMap(({ name }) => files.get(name) ?? []);
  if (configuration === undefined || layers.length < image.layers.length) return undefined;
  return { configuration, digest, layers };
}

/** Whether a property names the image that it stands on, whose id may be spelled in other letter case. */
export function isAbout({ image }: { readonly image: string }, image_id: string): boolean {
  return image.toLowerCase() === image_id.toLowerCase();
}

/**
 * An image's archive cannot be read in parts: it is compressed, its index is wrong, the image service does not give the
 * ranges that it is asked for. Inside this folder only: the whole archive is read instead, and whatever is wrong with
 * it is told then.
 */
export class IndexUnusable extends Error {
  override readonly name = 'IndexUnusable';
}

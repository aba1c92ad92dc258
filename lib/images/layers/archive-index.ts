import { z } from 'zod';
import { DriverError } from '../../../interfaces/index.js';
import type { RewrittenImage } from '../../archives/index.js';
import { parsedJson } from '../../common/index.js';
import type { ShownImage } from '../../image-services/index.js';

/** Position of a file in an archive, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

/**
 * Where an image's files lie in its archive. The index is untrusted: readers verify every file that they find by it.
 */
export interface ArchiveIndex {
  readonly configuration: Extent;
  /** SHA-256 digest of the configuration, in hexadecimal. */
  readonly digest: string;
  /** From the base up. A layer that occurs twice is listed twice. */
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
 * Encodes the index as an image property. The property names its image, because Nova copies an image's properties to
 * snapshots of its instances, where the index is wrong.
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

/** @returns the index in an image's record; undefined when it is missing, malformed or about another image's data. */
export function recordedIndex({ id, size, properties }: ShownImage): ArchiveIndex | undefined {
  const index = property.safeParse(parsedJson(properties[propertyName])).data;
  if (index === undefined || !isAbout(index, id)) return undefined;
  const extents = [index.configuration, ...index.layers];
  if (extents.some(([offset, length]) => offset + length > (size ?? 0))) return undefined;
  const [configuration, ...layers] = extents.map(([offset, length]) => ({ offset, size: length }));
  return configuration === undefined ? undefined : { configuration, digest: index.digest, layers };
}

/**
 * Builds the index of an archive that the rewriter wrote.
 *
 * @param files - positions of the archive's files, by name.
 * @returns undefined when files of the image are missing.
 */
export function indexOf(image: RewrittenImage, files: ReadonlyMap<string, Extent>): ArchiveIndex | undefined {
  const digest = image.id.replace(/^sha256:/, '');
  const configuration = files.get(`${digest}.json`);
  const layers = image.layers.flatMap(({ name }) => files.get(name) ?? []);
  if (configuration === undefined || layers.length < image.layers.length) return undefined;
  return { configuration, digest, layers };
}

/** Whether a property names the image whose record carries it. Ids are compared without regard to letter case. */
export function isAbout({ image }: { readonly image: string }, image_id: string): boolean {
  return image.toLowerCase() === image_id.toLowerCase();
}

/**
 * The image's archive cannot be read in parts: it is compressed, its index is wrong, or the image service ignores range
 * requests. Never leaves this folder: the caller reads the whole archive instead, which reports any fault of the image.
 */
export class IndexUnusable extends DriverError {
  override readonly name = 'IndexUnusable';
  override readonly code = 'INDEX_UNUSABLE';
}

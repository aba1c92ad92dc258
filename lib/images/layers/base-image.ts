import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import {
  ImageNotActive,
  ImageNotAuthorized,
  ImageNotFound,
  ImageUnacceptable,
} from '../../../interfaces/index.js';
import { parsedJson, sha256Digest } from '../../common/index.js';
import { shownRecord } from '../../image-services/index.js';
import { isAbout } from './archive-index.js';
import { mayContain } from './layer-rights.js';
import type { ShownImage } from '../../image-services/index.js';

/** Reference to the base image of an image whose archive holds only its own layers. */
export interface BaseImage {
  readonly image_id: string;
  /** Chain id of all layers of the base, see {@link chainId}. */
  readonly chainId: string;
  /** Hash of the base's data as `algorithm:value`; null when the image service has none. */
  readonly hash: string | null;
}

/** Maximum length of a chain of images. The top image boots only while all the others exist. */
export const maxImagesInChain = 8;

const propertyName = 'nova_docker_base';

const property = z.object({
  image: z.string(),
  base: z.string(),
  chain_id: z.string().regex(sha256Digest),
  hash: z.string().nullable(),
});

/**
 * Encodes the base reference as an image property. The property names its image, because Nova copies an image's
 * properties to snapshots of its instances.
 */
export function baseProperty(
  image_id: string,
  { image_id: base, chainId, hash }: BaseImage,
): Record<string, string> {
  const reference: z.input<typeof property> = { image: image_id, base, chain_id: chainId, hash };
  return { [propertyName]: JSON.stringify(reference) };
}

/** @returns the base of an image's archive; undefined when the archive holds the whole image. */
export function baseOf({ id, properties }: ShownImage): BaseImage | undefined {
  const reference = property.safeParse(parsedJson(properties[propertyName])).data;
  if (reference === undefined || !isAbout(reference, id)) return undefined;
  return { image_id: reference.base, chainId: reference.chain_id, hash: reference.hash };
}

/** Chain id of a list of layers, as the OCI image specification defines it. */
export function chainId(layers: readonly string[]): string {
  const [lowest = '', ...above] = layers;
  return above.reduce(
    (chain, layer) => `sha256:${createHash('sha256').update(`${chain} ${layer}`).digest('hex')}`,
    lowest,
  );
}

/** Hash of an image's data in the format of {@link BaseImage.hash}. */
export function hashOf({ os_hash_algo: algorithm, os_hash_value: value }: ShownImage): string | null {
  return algorithm === null || value === null ? null : `${algorithm}:${value}`;
}

/**
 * Reads the record of an image's base, with the rights of the requester.
 *
 * @throws ImageNotFound or ImageNotAuthorized when the requester cannot read the base.
 * @throws ImageNotActive when the base has no data.
 * @throws ImageUnacceptable when the base's data has changed, or the image may not contain the base, see
 * {@link mayContain}.
 */
export async function baseRecord(
  imageService: ImageService,
  context: RequestContext,
  image: ShownImage,
  { image_id, hash }: BaseImage,
  signal: AbortSignal | undefined,
): Promise<ShownImage> {
  const what = `Image ${image.id} is a delta of image ${image_id}`;
  const record = await shownRecord(imageService, context, image_id, signal).catch((cause: unknown) => {
    if (cause instanceof ImageNotFound) throw new ImageNotFound(`${what}, which cannot be found`, { cause });
    if (cause instanceof ImageNotAuthorized)
      throw new ImageNotAuthorized(`${what}, which may not be read`, { cause });
    throw cause;
  });
  if (record.status !== 'active') throw new ImageNotActive(`${what}, which is ${record.status}, not active`);
  if (!mayContain(image, record))
    throw new ImageUnacceptable(`${what}, which belongs to another project and is not public`);
  if (hash !== null && hash !== hashOf(record))
    throw new ImageUnacceptable(`${what}, whose data has changed since`);
  return record;
}

/**
 * @throws ImageUnacceptable when the base in the engine has other layers than the base that the image was made from.
 */
export function validateBaseLayers(image_id: string, base: BaseImage, layers: readonly string[]): void {
  if (chainId(layers) === base.chainId) return;
  throw new ImageUnacceptable(
    `Image ${image_id} is a delta of image ${base.image_id}, whose layers have changed since`,
  );
}

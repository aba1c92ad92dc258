import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import {
  ImageNotActive,
  ImageNotAuthorized,
  ImageNotFound,
  ImageUnacceptable,
} from '../../../interfaces/index.js';
import { parsedJson } from '../../common/index.js';
import { shownRecord } from '../../image-services/index.js';
import { isAbout } from './archive-index.js';
import { mayContain } from './layer-rights.js';
import type { ShownImage } from '../../image-services/index.js';

/** What an image whose archive holds only its own layers says of the image below it. */
export interface BaseImage {
  readonly image_id: string;
  /** The chain id of the base's layers, see {@link chainId}: all of them, in their order. */
  readonly chainId: string;
  /** The hash of the base's data, `algorithm:value`, where the image service has one. */
  readonly hash: string | null;
}

/** How many images may lie one above another. Each of them must be there for the uppermost to boot. */
export const mostImagesInChain = 8;

const propertyName = 'nova_docker_base';

const property = z.object({
  image: z.string(),
  base: z.string(),
  chain_id: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  hash: z.string().nullable(),
});

/**
 * The reference to its base as a property of an image. It names the image: Nova copies the properties of an image to
 * the snapshots of its instances.
 */
export function baseProperty(
  image_id: string,
  { image_id: base, chainId, hash }: BaseImage,
): Record<string, string> {
  const reference: z.input<typeof property> = { image: image_id, base, chain_id: chainId, hash };
  return { [propertyName]: JSON.stringify(reference) };
}

/** @returns the base that an image's archive lies above; undefined when the archive holds all of the image. */
export function baseOf({ id, properties }: ShownImage): BaseImage | undefined {
  const reference = property.safeParse(parsedJson(properties[propertyName])).data;
  if (reference === undefined || !isAbout(reference, id)) return undefined;
  return { image_id: reference.base, chainId: reference.chain_id, hash: reference.hash };
}

/** The digest of a stack of layers, as the OCI image specification has it. */
export function chainId(layers: readonly string[]): string {
  const [lowest = '', ...above] = layers;
  return above.reduce(
    (chain, layer) => `sha256:${createHash('sha256').update(`${chain} ${layer}`).digest('hex')}`,
    lowest,
  );
}

/** The hash of an image's data as a reference to it has it. */
export function hashOf({ os_hash_algo: algorithm, os_hash_value: value }: ShownImage): string | null {
  return algorithm === null || value === null ? null : `${algorithm}:${value}`;
}

/**
 * The record of an image's base, as the one who boots the image sees it.
 *
 * @throws ImageNotFound or ImageNotAuthorized when he does not; ImageNotActive when it has no data (any more);
 * ImageUnacceptable when it is not the image that it was, or one that the image may not contain, see
 * {@link mayContain}.
 */
export async function baseRecord(
  imageService: ImageService,
  context: RequestContext,
  image: ShownImage,
  { image_id, hash }: BaseImage,
  signal: AbortSignal | undefined,
): Promise<ShownImage> {
  const what = `Image ${image.id} holds only what lies above image ${image_id}`;
  const record = await shownRecord(imageService, context, image_id, signal).catch((cause: unknown) => {
    if (cause instanceof ImageNotFound) throw new ImageNotFound(`${what}, which cannot be found`, { cause });
    if (cause instanceof ImageNotAuthorized)
      throw new ImageNotAuthorized(`${what}, which may not be read`, { cause });
    throw cause;
  });
  if (record.status !== 'active') throw new ImageNotActive(`${what}, which is ${record.status}, not active`);
  if (!mayContain(image, record))
    throw new ImageUnacceptable(`${what}, which is neither its owner's nor everybody's`);
  if (hash !== null && hash !== hashOf(record))
    throw new ImageUnacceptable(`${what}, whose data is not what it was`);
  return record;
}

/** @throws ImageUnacceptable when the engine's base is not the one that the image was made above. */
export function baseMustBeSame(image_id: string, base: BaseImage, layers: readonly string[]): void {
  if (chainId(layers) === base.chainId) return;
  throw new ImageUnacceptable(
    `Image ${image_id} holds only what lies above image ${base.image_id}, whose layers are not what they were`,
  );
}

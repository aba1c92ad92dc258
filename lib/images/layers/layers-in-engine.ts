import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { repository } from '../../common/index.js';
import { ifThere, type Engine, type ImageRef } from '../../engine/index.js';
import type { ShownImage } from '../../image-services/index.js';
import { bootedImageId, bootReference } from '../references/index.js';
import { mayContain, recordIfReadable } from './layer-rights.js';
import { RememberedRecords, type Candidate } from './remembered-records.js';

/** An image of the engine that a driver loaded, and of which every byte was verified then. */
export interface ResidentImage {
  readonly image_id: string;
  /** The engine's own id of it: what has the same one has the same layers, for good. */
  readonly engineId: ImageRef;
}

/** An image that wants layers, and who boots it. */
interface LayerWish {
  readonly context: RequestContext;
  readonly record: ShownImage;
  /** Its layers by their diff ids, from the base up. */
  readonly diffIds: readonly string[];
  /** How many layers must be given at least: fewer are of no use, and nobody is asked for them. */
  readonly least: number;
  readonly signal: AbortSignal;
}

/** Most records that the image service is asked for before an image is fetched, and how many at once. */
const mostRecords = 64;
const atOnce = 8;

/** Milliseconds for which an engine's image store is remembered: it may be started again with another one. */
const storeMemory = 60_000;

/**
 * What an engine has of images that drivers loaded, and who may be given it. What cannot change is asked once: the
 * layers of an image by its engine's id.
 */
export class LayersInEngine {
  readonly #engine: Engine;
  readonly #imageService: ImageService;
  #layers: ReadonlyMap<ImageRef, readonly string[]> = new Map();
  readonly #records = new RememberedRecords();
  #store: { readonly isContainerd: boolean; readonly askedAt: number } | undefined;

  constructor(engine: Engine, imageService: ImageService) {
    this.#engine = engine;
    this.#imageService = imageService;
  }

  /** An image was loaded: whose it is, is known when others want its layers. */
  note(record: ShownImage): void {
    this.#records.note(record);
  }

  /**
   * The images of the engine that a driver loaded: those of others may be anybody's. None where the engine cannot be
   * given images in parts.
   */
  async images(signal: AbortSignal): Promise<readonly ResidentImage[]> {
    const listed = await this.#engine.images.list({ filters: { reference: [repository.image] }, signal });
    // The engine's filter is a pattern: what counts is the whole name.
    const images = listed.flatMap(({ Id: engineId, RepoTags: tags }) =>
      tags.flatMap((name) => bootedImageId(name) ?? []).map((image_id) => ({ image_id, engineId })),
    );
    if (images.length === 0) return [];
    return (await this.isContainerdStore(signal)) ? [] : images;
  }

  /**
   * Whether the engine's image store cannot be given images without layers that it has, see {@link isContainerdStore};
   * asked once in a while.
   */
  async isContainerdStore(signal: AbortSignal | undefined): Promise<boolean> {
    const askedAt = performance.now();
    if (this.#store === undefined || askedAt - this.#store.askedAt > storeMemory)
      this.#store = { isContainerd: await isContainerdStore(this.#engine, signal), askedAt };
    return this.#store.isContainerd;
  }

  /**
   * How many of an image's layers, from the base up, may be taken from the engine: those that it has in common with a
   * loaded image, because engines know layers by all that is below them; and only with one that the image may contain
   * and that the requester may read, see {@link mayContain}.
   *
   * @throws what the engine or the image service fail with; the signal's reason when that aborts.
   */
  async toTake(images: readonly ResidentImage[], wish: LayerWish): Promise<number> {
    const { context, record, diffIds, least, signal } = wish;
    const layers = await this.#layersOfAll(images, signal);
    this.#records.keepOnly(new Set(images.map(({ image_id }) => image_id)));
    const candidates = images
      .map(({ image_id, engineId }) => ({ image_id, count: inCommon(diffIds, layers.get(engineId) ?? []) }))
      .filter(({ count }) => count >= least);
    let left = this.#records.inOrder(candidates, record, context);
    let taken = 0;
    for (let asked = 0; left.length > 0 && asked < mostRecords;) {
      // The first one is mostly the right one.
      const batch = left.slice(0, asked === 0 ? 1 : atOnce);
      const counts = await Promise.all(batch.map((candidate) => this.#given(candidate, wish)));
      taken = Math.max(taken, ...counts);
      asked += batch.length;
      left = left.slice(batch.length).filter(({ count }) => count > taken);
    }
    return taken;
  }

  /** How many layers an image gives: 0 when it may not be asked. */
  async #given({ image_id, count }: Candidate, { context, record, signal }: LayerWish): Promise<number> {
    const other = await recordIfReadable(this.#imageService, context, image_id, signal);
    this.#records.noteAnswer(image_id, context, other);
    return other !== undefined && mayContain(record, other) ? count : 0;
  }

  /**
   * Asks for the layers of images that are not known yet; those of images that the engine has no more are forgotten.
   */
  async #layersOfAll(
    images: readonly ResidentImage[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ImageRef, readonly string[]>> {
    const all = new Map<ImageRef, readonly string[]>();
    const unknown = new Set<ImageRef>();
    for (const { engineId } of images) {
      const known = this.#layers.get(engineId);
      if (known === undefined) unknown.add(engineId);
      else all.set(engineId, known);
    }
    const left = [...unknown];
    while (left.length > 0) {
      const batch = left.splice(0, atOnce).map(async (id) => {
        const layers = await layersAt(this.#engine, id, signal);
        if (layers !== undefined) all.set(id, layers);
      });
      await Promise.all(batch);
    }
    this.#layers = all;
    return all;
  }
}

/** The diff ids of an image that a driver loaded, from the base up; undefined when it is not there. */
export async function layersOf(
  engine: Engine,
  image_id: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  return await layersAt(engine, bootReference(image_id), signal);
}

async function layersAt(
  engine: Engine,
  image: ImageRef,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  const found = await ifThere(engine.images.inspect(image, { signal }));
  return found?.RootFS.Layers;
}

function inCommon(some: readonly string[], others: readonly string[]): number {
  const differs = some.findIndex((layer, index) => layer !== others[index]);
  return differs < 0 ? some.length : differs;
}

/**
 * Whether an engine keeps its images in containerd: that has layers by the digests of what they were loaded from, and
 * does not look for others.
 */
export async function isContainerdStore(engine: Engine, signal: AbortSignal | undefined): Promise<boolean> {
  const { DriverStatus: status } = await engine.system.info({ signal });
  return status.some(([name]) => name === 'driver-type');
}

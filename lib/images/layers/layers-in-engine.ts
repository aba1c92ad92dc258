import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { repository } from '../../common/index.js';
import { undefinedIfNotFound, type Engine, type ImageRef } from '../../engine/index.js';
import type { ShownImage } from '../../image-services/index.js';
import { bootedImageId, bootReference } from '../references/index.js';
import { mayContain, recordIfReadable } from './layer-rights.js';
import { RememberedRecords, type Candidate } from './remembered-records.js';

/** An image in the engine that a driver loaded, and whose every byte was verified then. */
export interface ResidentImage {
  readonly image_id: string;
  /** The engine's id of the image. Equal ids always mean equal layers. */
  readonly engineId: ImageRef;
}

/** An image that needs layers, and its requester. */
interface LayerWish {
  readonly context: RequestContext;
  readonly record: ShownImage;
  /** Diff ids of its layers, from the base up. */
  readonly diffIds: readonly string[];
  /** Minimum number of layers that make a partial fetch worthwhile. Images that share fewer are not considered. */
  readonly least: number;
  readonly signal: AbortSignal;
}

/** Maximum number of records read from the image service before a fetch, in total and at the same time. */
const maxRecords = 64;
const atOnce = 8;

/** Milliseconds that an engine's image store is cached. A restart of the engine can change the store. */
const storeMemory = 60_000;

/**
 * Finds layers in the engine that an image may use. Caches what cannot change: the layers of an image by its engine id.
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

  /** Records the owner of an image that was loaded, for later requests for its layers. */
  note(record: ShownImage): void {
    this.#records.note(record);
  }

  /**
   * Lists the engine's images that a driver loaded; any user may have made the others. Empty when the engine cannot
   * load images in parts.
   */
  async images(signal: AbortSignal): Promise<readonly ResidentImage[]> {
    const listed = await this.#engine.images.list({ filters: { reference: [repository.image] }, signal });
    // Compare whole names: the engine's filter is a pattern.
    const images = listed.flatMap(({ Id: engineId, RepoTags: tags }) =>
      tags.flatMap((name) => bootedImageId(name) ?? []).map((image_id) => ({ image_id, engineId })),
    );
    if (images.length === 0) return [];
    return (await this.isContainerdStore(signal)) ? [] : images;
  }

  /**
   * Whether the engine's image store requires every layer in the archive, see {@link isContainerdStore}. Cached for one
   * minute.
   */
  async isContainerdStore(signal: AbortSignal | undefined): Promise<boolean> {
    const askedAt = performance.now();
    if (this.#store === undefined || askedAt - this.#store.askedAt > storeMemory)
      this.#store = { isContainerd: await isContainerdStore(this.#engine, signal), askedAt };
    return this.#store.isContainerd;
  }

  /**
   * Counts the layers of an image, from the base up, that the engine can supply. Only a common prefix with one loaded
   * image counts, because engines identify a layer by all layers below it. The image must be allowed to contain that
   * image, and the requester to read it, see {@link mayContain}.
   *
   * @throws the error of the engine or the image service, or the signal's reason when the signal aborts.
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
    for (let asked = 0; left.length > 0 && asked < maxRecords;) {
      // The first candidate is usually the right one.
      const batch = left.slice(0, asked === 0 ? 1 : atOnce);
      const counts = await Promise.all(batch.map((candidate) => this.#given(candidate, wish)));
      taken = Math.max(taken, ...counts);
      asked += batch.length;
      left = left.slice(batch.length).filter(({ count }) => count > taken);
    }
    return taken;
  }

  /** Number of layers that a candidate supplies; 0 when the image or the requester has no right to them. */
  async #given({ image_id, count }: Candidate, { context, record, signal }: LayerWish): Promise<number> {
    const other = await recordIfReadable(this.#imageService, context, image_id, signal);
    this.#records.noteAnswer(image_id, context, other);
    return other !== undefined && mayContain(record, other) ? count : 0;
  }

  /** Reads the layers of images that are not cached, and drops images from the cache that the engine no longer has. */
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

/** Diff ids of an image that a driver loaded, from the base up; undefined when the engine does not have it. */
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
  const found = await undefinedIfNotFound(engine.images.inspect(image, { signal }));
  return found?.RootFS.Layers;
}

function inCommon(some: readonly string[], others: readonly string[]): number {
  const differs = some.findIndex((layer, index) => layer !== others[index]);
  return differs < 0 ? some.length : differs;
}

/**
 * Whether an engine keeps its images in containerd. That store identifies layers by the digests of the loaded files,
 * and does not reuse layers that are missing from an archive.
 */
export async function isContainerdStore(engine: Engine, signal: AbortSignal | undefined): Promise<boolean> {
  const { DriverStatus: status } = await engine.system.info({ signal });
  return status.some(([name]) => name === 'driver-type');
}

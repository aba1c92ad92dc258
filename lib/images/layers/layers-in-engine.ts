import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { storedLayersOf, type StoredLayer } from '../../archives/index.js';
import { repository } from '../../common/index.js';
import { undefinedIfNotFound, type Engine, type ImageInspect, type ImageRef } from '../../engine/index.js';
import type { ShownImage } from '../../image-services/index.js';
import { bootedImageId, bootReference } from '../references/index.js';
import { isContainerdStore, showsStoredLayers } from './containerd-store.js';
import { mayContain, recordIfReadable } from './layer-rights.js';
import { RememberedRecords, type Candidate } from './remembered-records.js';

/** An image in the engine that a driver loaded, and whose every byte was verified then. */
export interface ResidentImage {
  readonly image_id: string;
  /** The engine's id of the image. Equal ids always mean equal layers. */
  readonly engineId: ImageRef;
}

/** The layers of an image in the engine. */
export interface LayersOfImage {
  /** The name or id by which the image was found. */
  readonly reference: ImageRef;
  readonly engineId: ImageRef;
  /** From the base up. */
  readonly diffIds: readonly string[];
  /** The same layers as containerd's store keeps them; undefined in a classic store, or if the driver does not know. */
  readonly stored: readonly StoredLayer[] | undefined;
}

/** Layers that the engine can supply: the lowest ones of an image that it has. */
export interface SuppliedLayers {
  /** Number of layers, from the base up. */
  readonly count: number;
  /** The image that has them: its name, and its id. */
  readonly reference: ImageRef;
  readonly engineId: ImageRef;
  /** The files of these layers in containerd's store; undefined in a classic store. */
  readonly stored: readonly StoredLayer[] | undefined;
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
const storeMemoryMs = 60_000;

/**
 * Finds layers in the engine that an image may use. Caches what cannot change: the layers of an image by its engine id.
 */
export class LayersInEngine {
  readonly #engine: Engine;
  readonly #imageService: ImageService;
  #layers: ReadonlyMap<ImageRef, LayersOfImage> = new Map();
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
    return images.length > 0 && (await this.canLoadInParts(signal)) ? images : [];
  }

  /** Whether the engine can load an image without the layers that it has, see {@link showsStoredLayers}. */
  async canLoadInParts(signal: AbortSignal | undefined): Promise<boolean> {
    return (await showsStoredLayers(this.#engine, signal)) || !(await this.isContainerdStore(signal));
  }

  /** Whether the engine has containerd's image store, see {@link isContainerdStore}. Cached for one minute. */
  async isContainerdStore(signal: AbortSignal | undefined): Promise<boolean> {
    const askedAt = performance.now();
    if (this.#store === undefined || askedAt - this.#store.askedAt > storeMemoryMs)
      this.#store = { isContainerd: await isContainerdStore(this.#engine, signal), askedAt };
    return this.#store.isContainerd;
  }

  /** Whether the engine has containerd's image store and shows which files it keeps, see {@link showsStoredLayers}. */
  async areStoredLayersShown(signal: AbortSignal | undefined): Promise<boolean> {
    return (await showsStoredLayers(this.#engine, signal)) && (await this.isContainerdStore(signal));
  }

  /**
   * Finds the layers of an image, from the base up, that the engine can supply. Only a common prefix with one loaded
   * image counts, because engines identify a layer by all layers below it. The image must be allowed to contain that
   * image, and the requester to read it, see {@link mayContain}.
   *
   * @returns undefined when the engine can supply none.
   * @throws the error of the engine or the image service, or the signal's reason when the signal aborts.
   */
  async layersToOmit(images: readonly ResidentImage[], wish: LayerWish): Promise<SuppliedLayers | undefined> {
    const { context, record, diffIds, least, signal } = wish;
    const areFilesNeeded = await this.isContainerdStore(signal);
    const layers = await this.#layersOfAll(images, signal);
    this.#records.keepOnly(new Set(images.map(({ image_id }) => image_id)));
    const candidates = images.flatMap(({ image_id, engineId }) => {
      const known = layers.get(engineId);
      if (known === undefined || (areFilesNeeded && known.stored === undefined)) return [];
      const count = inCommon(diffIds, known.diffIds);
      return count >= least
        ? {
            image_id,
            count,
            reference: bootReference(image_id),
            engineId,
            stored: known.stored?.slice(0, count),
          }
        : [];
    });
    let left = this.#records.inOrder(candidates, record, context);
    let taken: (typeof left)[number] | undefined;
    for (let asked = 0; left.length > 0 && asked < maxRecords;) {
      // The first candidate is usually the right one.
      const batch = left.slice(0, asked === 0 ? 1 : atOnce);
      const areAllowed = await Promise.all(batch.map((candidate) => this.#isAllowed(candidate, wish)));
      taken = [taken, ...batch.filter((_, index) => areAllowed[index])].reduce((best, each) =>
        (each?.count ?? 0) > (best?.count ?? 0) ? each : best,
      );
      const most = taken?.count ?? 0;
      asked += batch.length;
      left = left.slice(batch.length).filter(({ count }) => count > most);
    }
    return taken;
  }

  /** Whether the image may contain a candidate's layers, and the requester may read that candidate. */
  async #isAllowed({ image_id }: Candidate, { context, record, signal }: LayerWish): Promise<boolean> {
    const other = await recordIfReadable(this.#imageService, context, image_id, signal);
    this.#records.noteAnswer(image_id, context, other);
    return other !== undefined && mayContain(record, other);
  }

  /** Reads the layers of images that are not cached, and drops images from the cache that the engine no longer has. */
  async #layersOfAll(
    images: readonly ResidentImage[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ImageRef, LayersOfImage>> {
    const all = new Map<ImageRef, LayersOfImage>();
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

/** The layers of an image that a driver loaded; undefined when the engine does not have it. */
export async function layersOf(
  engine: Engine,
  image_id: string,
  signal: AbortSignal | undefined,
): Promise<LayersOfImage | undefined> {
  return await layersAt(engine, bootReference(image_id), signal);
}

async function layersAt(
  engine: Engine,
  image: ImageRef,
  signal: AbortSignal | undefined,
): Promise<LayersOfImage | undefined> {
  const found = await undefinedIfNotFound(engine.images.inspect(image, { signal }));
  return found === undefined ? undefined : layersOfInspected(image, found);
}

/** The layers of an image, as the engine shows it under a name or id. */
export function layersOfInspected(
  reference: ImageRef,
  { Id: engineId, RootFS: files, Descriptor: shown }: ImageInspect,
): LayersOfImage {
  const diffIds = files.Layers;
  const stored = storedLayersOf(engineId, shown?.annotations ?? {});
  return { reference, engineId, diffIds, stored: stored?.length === diffIds.length ? stored : undefined };
}

function inCommon(some: readonly string[], others: readonly string[]): number {
  const differs = some.findIndex((layer, index) => layer !== others[index]);
  return differs < 0 ? some.length : differs;
}

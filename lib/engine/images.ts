import type { Readable } from 'node:stream';

import type { ImageRef, RepositoryName, TagName } from './schemas/identifiers.js';
import { EngineError } from './errors.js';
import { instructions, type ImageChanges } from './image-changes.js';
import { throwInBand } from './in-band.js';
import { path } from './request-path.js';
import {
  imageInspect,
  imageSummary,
  loadLine,
  type ImageInspect,
  type ImageSummary,
  type LoadLine,
} from './schemas/images.js';
import type { CallOptions, Session } from './session.js';

/** Engine 28.5 with the containerd store tells so as progress, after it said that the image is loaded. */
const unpackFailure = /^Error unpacking image \S+: (.*)/s;

/** Which images a list has. Only keys that the engine is known to have: it ignores others and then lists everything. */
interface ImageFilters {
  /** References; `*` stands for anything but `/`. */
  readonly reference?: readonly string[];
  /** `true`: only those without a name. */
  readonly dangling?: readonly ['true'];
  /** `name` or `name=value`. */
  readonly label?: readonly string[];
}

/** How far an engine is with a layer that it unpacks. */
export interface LoadedLayer {
  /** The beginning of its diff id, without `sha256:`. */
  readonly id: string;
  /** Bytes of the archive's file, up to `total`. */
  readonly current: number;
  readonly total: number;
}

/** The images of an engine. */
export class ImagesApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Loads the images of an archive, as `docker save` makes it. The answer is read to its end: engines with the
   * containerd store may say "Loaded image" first and fail afterwards.
   *
   * @param archive - a tar stream; destroyed in any case.
   * @param options - `onProgress` is told the bytes that went to the engine so far; `onLayer` how far it is with each
   * layer that it did not have, some times a second. With the containerd store nothing is told of layers.
   * @throws EngineError with `inBand` when the engine refuses the archive; whatever the archive fails with.
   */
  async load(
    archive: Readable,
    options: CallOptions & {
      onProgress?: (bytes: number) => void;
      onLayer?: (layer: LoadedLayer) => void;
    } = {},
  ): Promise<void> {
    const request = { method: 'POST', path: path`/images/load` } as const;
    const lines = this.#session.lines(
      {
        ...request,
        // Not quiet: an engine that reports its progress is one that is not hanging.
        query: { quiet: false },
        upload: { source: archive, onBytes: options.onProgress },
        timeout: this.#session.timeouts.image,
        signal: options.signal,
      },
      loadLine,
    );
    for await (const line of lines) {
      throwInBand(request, line);
      const failure = unpackFailure.exec(line.stream ?? '')?.[1];
      if (failure !== undefined) throw new EngineError(request, 200, failure.trim(), { inBand: true });
      const layer = loadedLayer(line);
      if (layer !== undefined) options.onLayer?.(layer);
    }
  }

  /**
   * Makes an image of one layer from all files of a file system.
   *
   * @param files - a tar stream of them; destroyed in any case.
   * @param options - `changes`: what containers of it inherit.
   * @throws EngineError with `inBand` when the engine refuses the archive; whatever the archive fails with.
   */
  async importFiles(
    files: Readable,
    options: CallOptions & {
      repo: RepositoryName;
      tag: TagName;
      changes?: ImageChanges;
    },
  ): Promise<void> {
    const changes = instructions(options.changes ?? {});
    const request = { method: 'POST', path: path`/images/create` } as const;
    const lines = this.#session.lines(
      {
        ...request,
        query: {
          fromSrc: '-',
          repo: options.repo,
          tag: options.tag,
          ...(changes === '' ? {} : { changes }),
        },
        upload: { source: files },
        timeout: this.#session.timeouts.image,
        signal: options.signal,
      },
      loadLine,
    );
    for await (const line of lines) throwInBand(request, line);
  }

  /** Packs an image as an archive. The reader must end or destroy it. */
  async save(image: ImageRef, options: CallOptions = {}): Promise<Readable> {
    return this.#session.stream({
      method: 'GET',
      path: path`/images/${image}/get`,
      timeout: this.#session.timeouts.image,
      signal: options.signal,
    });
  }

  /** Tells all about an image. */
  async inspect(image: ImageRef, options: CallOptions = {}): Promise<ImageInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/images/${image}/json`,
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      imageInspect,
    );
  }

  /** Gives an image a further name; another image that had the name loses it. */
  async tag(image: ImageRef, options: CallOptions & { repo: RepositoryName; tag: TagName }): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/images/${image}/tag`,
      query: { repo: options.repo, tag: options.tag },
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /**
   * Takes a tag away, and the image with its last one.
   *
   * @param options - `noprune` keeps untagged parents.
   * @throws EngineError 404 when there is no such image, 409 when containers use it.
   */
  async remove(image: ImageRef, options: CallOptions & { noprune?: boolean } = {}): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/images/${image}`,
      query: { noprune: options.noprune },
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /** Lists images: the ones that are no mere layer of others, or `all`. */
  async list(options: CallOptions & { all?: boolean; filters?: ImageFilters } = {}): Promise<ImageSummary[]> {
    return this.#session.list(
      {
        method: 'GET',
        path: path`/images/json`,
        query: { all: options.all, filters: options.filters },
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      imageSummary.transform((image) => ({ ...image, Labels: this.#session.kept(image.Labels) })),
    );
  }
}

function loadedLayer({ status, id, progressDetail }: LoadLine): LoadedLayer | undefined {
  const { current, total } = progressDetail ?? {};
  if (status !== 'Loading layer' || id === undefined || current === undefined || total === undefined)
    return undefined;
  return { id, current, total };
}

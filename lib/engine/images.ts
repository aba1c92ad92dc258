import type { Readable } from 'node:stream';

import type { ImageRef, RepositoryName, TagName } from './schemas/identifiers.js';
import { engineWords, progressWords } from './engine-words.js';
import { EngineError } from './errors.js';
import { instructions, type ImageChanges } from './dockerfile-instructions.js';
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

/** A list filter. Only supported keys are declared: engines ignore an unknown key and then return every image. */
interface ImageFilters {
  /** References; `*` matches anything but `/`. */
  readonly reference?: readonly string[];
  /** `true`: only untagged images. */
  readonly dangling?: readonly ['true'];
  /** `name` or `name=value`. */
  readonly label?: readonly string[];
}

/** An engine's progress in unpacking a layer. */
export interface LoadedLayer {
  /** The beginning of the layer's diff id, without `sha256:`. */
  readonly id: string;
  /** Bytes of the layer's file that are unpacked, of `total`. */
  readonly current: number;
  readonly total: number;
}

/** The `/images` API of an engine. */
export class ImagesApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Loads the images of a `docker save` archive. The answer is read to its end: engines with the containerd store may
   * report "Loaded image" first and fail afterwards.
   *
   * @param archive - a tar stream; destroyed in any case.
   * @param options - `onProgress` receives the number of bytes sent so far; `onLayer` receives the progress of each new
   * layer, several times a second. Engines with the containerd store report no layers.
   * @throws EngineError with `inBand` when the engine refuses the archive; the archive's own error.
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
        // Without `quiet`, progress lines show that the engine does not hang.
        query: { quiet: false },
        upload: { source: archive, onBytes: options.onProgress },
        timeout: this.#session.timeouts.imageIdleMs,
        signal: options.signal,
      },
      loadLine,
    );
    for await (const line of lines) {
      throwInBand(request, line);
      const failure = engineWords.unpackFailure.exec(line.stream ?? '')?.[1];
      if (failure !== undefined) throw new EngineError(request, 200, failure.trim(), { inBand: true });
      const layer = loadedLayer(line);
      if (layer !== undefined) options.onLayer?.(layer);
    }
  }

  /**
   * Creates an image with one layer from a file system.
   *
   * @param files - a tar stream of all files; destroyed in any case.
   * @param options - `changes`: the image's configuration.
   * @throws EngineError with `inBand` when the engine refuses the archive; the archive's own error.
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
        timeout: this.#session.timeouts.imageIdleMs,
        signal: options.signal,
      },
      loadLine,
    );
    for await (const line of lines) throwInBand(request, line);
  }

  /** Exports an image as an archive. The reader must end or destroy it. */
  async save(image: ImageRef, options: CallOptions = {}): Promise<Readable> {
    return this.#session.stream({
      method: 'GET',
      path: path`/images/${image}/get`,
      timeout: this.#session.timeouts.imageIdleMs,
      signal: options.signal,
    });
  }

  /** Inspects an image. */
  async inspect(image: ImageRef, options: CallOptions = {}): Promise<ImageInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/images/${image}/json`,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      imageInspect,
    );
  }

  /** Adds a name to an image. If another image has the name, the name moves. */
  async tag(image: ImageRef, options: CallOptions & { repo: RepositoryName; tag: TagName }): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/images/${image}/tag`,
      query: { repo: options.repo, tag: options.tag },
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /**
   * Removes a tag, and the image itself with its last tag.
   *
   * @param options - `noprune` keeps untagged parents.
   * @throws EngineError 404 when the image does not exist, 409 when containers use it.
   */
  async remove(image: ImageRef, options: CallOptions & { noprune?: boolean } = {}): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/images/${image}`,
      query: { noprune: options.noprune },
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /** Lists images, without intermediate layers unless `all` is set. */
  async list(options: CallOptions & { all?: boolean; filters?: ImageFilters } = {}): Promise<ImageSummary[]> {
    return this.#session.list(
      {
        method: 'GET',
        path: path`/images/json`,
        query: { all: options.all, filters: options.filters },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      imageSummary.transform((image) => ({ ...image, Labels: this.#session.kept(image.Labels) })),
    );
  }
}

function loadedLayer({ status, id, progressDetail }: LoadLine): LoadedLayer | undefined {
  const { current, total } = progressDetail ?? {};
  if (status !== progressWords.loadingLayer) return undefined;
  if (id === undefined || current === undefined || total === undefined) return undefined;
  return { id, current, total };
}

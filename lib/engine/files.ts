import type { Readable } from 'node:stream';

import type { ContainerRef } from './schemas/identifiers.js';
import { described, EngineProtocolError } from './errors.js';
import { path } from './request-path.js';
import { listOf } from './schemas/fields.js';
import { fileChange, pathStat, type FileChange } from './schemas/files.js';
import type { CallOptions, Session } from './session.js';

/** A file or directory of a container, packed. */
export interface ArchivedPath {
  /** The reader must end or destroy it. */
  readonly archive: Readable;
  /**
   * Of a symbolic link: the absolute path in the container where it leads in the end, which need not exist; the engine
   * follows links inside the container's root alone.
   */
  readonly linkTarget: string | undefined;
}

/** The files of an engine's containers, running or not. */
export class FilesApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Unpacks a tar archive inside a container.
   *
   * @param options - `path`: an existing directory of the container; `archive`: destroyed in any case;
   * `noOverwriteDirNonDir`: refuse to replace a directory by a file and the other way round.
   */
  async putArchive(
    container: ContainerRef,
    options: CallOptions & { path: string; archive: Readable; noOverwriteDirNonDir?: boolean },
  ): Promise<void> {
    await this.#session.status({
      method: 'PUT',
      path: path`/containers/${container}/archive`,
      query: { path: options.path, noOverwriteDirNonDir: options.noOverwriteDirNonDir },
      upload: { source: options.archive },
      timeout: this.#session.timeouts.archive,
      signal: options.signal,
    });
  }

  /**
   * Packs a file or directory of a container as a tar archive, with users and groups that `SystemApi.idMapping`
   * translates. The reader must end or destroy it.
   */
  async getArchive(container: ContainerRef, options: CallOptions & { path: string }): Promise<Readable> {
    return (await this.getPath(container, options)).archive;
  }

  /** Packs the same, and tells where a symbolic link leads. */
  async getPath(container: ContainerRef, options: CallOptions & { path: string }): Promise<ArchivedPath> {
    const call = {
      method: 'GET',
      path: path`/containers/${container}/archive`,
      query: { path: options.path },
      timeout: this.#session.timeouts.archive,
      signal: options.signal,
    } as const;
    const { stream: archive, pathStat: header } = await this.#session.streamWithPath(call);
    try {
      return { archive, linkTarget: linkTargetIn(header) };
    } catch (cause) {
      archive.destroy();
      throw new EngineProtocolError(`${described(call)}: the answer does not say what it is about`, cause);
    }
  }

  /**
   * Packs all files of a container, without those in its volumes, as a tar archive. The reader must end or destroy it.
   */
  async exportAll(container: ContainerRef, options: CallOptions = {}): Promise<Readable> {
    return this.#session.stream({
      method: 'GET',
      path: path`/containers/${container}/export`,
      timeout: this.#session.timeouts.archive,
      signal: options.signal,
    });
  }

  /** Tells in what a container's files differ from its image's. */
  async changes(container: ContainerRef, options: CallOptions = {}): Promise<FileChange[]> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/changes`,
        timeout: this.#session.timeouts.archive,
        signal: options.signal,
      },
      listOf(fileChange),
    );
  }
}

/** @throws ZodError, SyntaxError when the header is not what engines send. */
function linkTargetIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const { linkTarget } = pathStat.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
  return linkTarget === '' ? undefined : linkTarget;
}

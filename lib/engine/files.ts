import type { Readable } from 'node:stream';

import type { ContainerRef } from './schemas/identifiers.js';
import { described, EngineProtocolError } from './errors.js';
import { path } from './request-path.js';
import { fileChange, pathStat, type FileChange, type PathStat } from './schemas/files.js';
import type { CallOptions, Session } from './session.js';

/** An archived file or directory of a container. */
export interface ArchivedPath {
  /** The reader must end or destroy it. */
  readonly archive: Readable;
  /**
   * For a symbolic link: its final target, as an absolute path in the container, which may not exist. The engine
   * resolves links inside the container's root only.
   */
  readonly linkTarget: string | undefined;
}

/**
 * The maximum number of changed files that are listed: a container can have millions, and the list is held in memory.
 */
const mostChanges = 100_000;

/** The file API of an engine's containers, running or not. */
export class FilesApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Extracts a tar archive in a container.
   *
   * @param options - `path`: an existing directory of the container; `archive`: destroyed in any case;
   * `noOverwriteDirNonDir`: fail instead of replacing a directory by a file or vice versa.
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
      timeout: this.#session.timeouts.archiveIdleMs,
      signal: options.signal,
    });
  }

  /**
   * Archives a file or directory of a container as a tar stream. `SystemApi.idMapping` translates its user and group
   * ids. The reader must end or destroy it.
   */
  async getArchive(container: ContainerRef, options: CallOptions & { path: string }): Promise<Readable> {
    return (await this.getPath(container, options)).archive;
  }

  /** Like {@link getArchive}, and also returns the target of a symbolic link. */
  async getPath(container: ContainerRef, options: CallOptions & { path: string }): Promise<ArchivedPath> {
    const call = {
      method: 'GET',
      path: path`/containers/${container}/archive`,
      query: { path: options.path },
      timeout: this.#session.timeouts.archiveIdleMs,
      signal: options.signal,
    } as const;
    const { stream: archive, pathStat: header } = await this.#session.streamWithPath(call);
    try {
      return { archive, linkTarget: linkTargetIn(header) };
    } catch (cause) {
      archive.destroy();
      throw new EngineProtocolError(
        `${described(call)}: the answer's X-Docker-Container-Path-Stat header is missing or malformed`,
        cause,
      );
    }
  }

  /** Returns the length of a file of a container in bytes. It does not follow a symbolic link. */
  async size(container: ContainerRef, options: CallOptions & { path: string }): Promise<number> {
    const call = {
      method: 'HEAD',
      path: path`/containers/${container}/archive`,
      query: { path: options.path },
      timeout: this.#session.timeouts.readMs,
      signal: options.signal,
    } as const;
    const header = await this.#session.pathHeader(call);
    try {
      const { size } = statIn(header);
      if (size !== undefined) return size;
    } catch (cause) {
      throw new EngineProtocolError(
        `${described(call)}: the answer's X-Docker-Container-Path-Stat header is missing or malformed`,
        cause,
      );
    }
    throw new EngineProtocolError(
      `${described(call)}: the answer's X-Docker-Container-Path-Stat header has no size`,
    );
  }

  /** Archives all files of a container, without its volumes, as a tar stream. The reader must end or destroy it. */
  async exportAll(container: ContainerRef, options: CallOptions = {}): Promise<Readable> {
    return this.#session.stream({
      method: 'GET',
      path: path`/containers/${container}/export`,
      timeout: this.#session.timeouts.archiveIdleMs,
      signal: options.signal,
    });
  }

  /**
   * Lists the files that differ from the container's image.
   *
   * @throws EngineProtocolError also when there are more than 100,000.
   */
  async changes(container: ContainerRef, options: CallOptions = {}): Promise<FileChange[]> {
    return this.#session.list(
      {
        method: 'GET',
        path: path`/containers/${container}/changes`,
        timeout: this.#session.timeouts.archiveIdleMs,
        signal: options.signal,
      },
      fileChange,
      mostChanges,
    );
  }
}

/** @throws ZodError or SyntaxError when the header is malformed. */
function statIn(header = ''): PathStat {
  return pathStat.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
}

/** @throws ZodError or SyntaxError when the header is malformed. */
function linkTargetIn(header: string | undefined): string | undefined {
  return header === undefined ? undefined : statIn(header).linkTarget;
}

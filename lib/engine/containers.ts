import type { Duplex, Readable } from 'node:stream';

import type { ContainerId, ContainerRef, ImageId, RepositoryName, TagName } from './schemas/identifiers.js';
import { outputReader } from './multiplexed.js';
import { path, type RequestPath } from './request-path.js';
import {
  committed,
  containerConfiguration,
  containerCreated,
  containerExit,
  containerInspect,
  containerSummary,
  type ContainerConfiguration,
  type ContainerInspect,
  type ContainerSummary,
} from './schemas/containers.js';
import { containerStats, type ContainerStats } from './schemas/stats.js';
import type { CallOptions, Session } from './session.js';
import type { ContainerSpecification, ResourceLimits } from './specifications.js';

/**
 * A list filter: a container must match one value of every key. Only supported keys are declared: engines ignore an
 * unknown key and then return every container.
 */
interface ContainerFilters {
  /** `name` or `name=value`. Unlike other keys, a container must match all values. */
  readonly label?: readonly string[];
  readonly id?: readonly ContainerRef[];
  /** `created`, `running`, `paused`, `exited`, `dead`, … */
  readonly status?: readonly string[];
  /** Regular expressions, not anchored. */
  readonly name?: readonly string[];
  readonly network?: readonly string[];
}

/** Options of {@link ContainersApi.logs}. */
interface LogOptions extends CallOptions {
  /** Default: true. */
  readonly stdout?: boolean;
  /** Default: true. */
  readonly stderr?: boolean;
  /** The number of lines from the end; default: all. */
  readonly tail?: number;
  /** Keep the stream open for new output. */
  readonly follow?: boolean;
  /** Only later output: seconds since 1970, with a fraction. */
  readonly since?: number;
  /** Prefix each line with its timestamp. */
  readonly timestamps?: boolean;
  /** Whether the container has a terminal (`Config.Tty`): its output is then not multiplexed. */
  readonly tty: boolean;
}

/** The `/containers` API of an engine. */
export class ContainersApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Creates a container without starting it.
   *
   * @throws EngineError 404 when the image does not exist (see `isNoSuchImage`), 409 when the name is in use, 400 when
   * the engine refuses the specification.
   */
  async create(
    options: CallOptions & { name?: ContainerRef; specification: ContainerSpecification },
  ): Promise<{ id: ContainerId; warnings: string[] }> {
    const created = await this.#session.json(
      {
        method: 'POST',
        path: path`/containers/create`,
        query: { name: options.name },
        body: options.specification,
        timeout: this.#session.timeouts.changeMs,
        signal: options.signal,
      },
      containerCreated,
    );
    return { id: created.Id, warnings: created.Warnings };
  }

  /** Starts a container. @returns false when it was already running. */
  async start(container: ContainerRef, options: CallOptions = {}): Promise<boolean> {
    return (await this.#post(path`/containers/${container}/start`, options)) !== 304;
  }

  /**
   * Stops a container: sends its stop signal and, after `timeout`, SIGKILL.
   *
   * @param options - `timeout` in seconds.
   * @returns false when it was not running.
   */
  async stop(container: ContainerRef, options: CallOptions & { timeout: number }): Promise<boolean> {
    const status = await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/stop`,
      query: { t: options.timeout },
      timeout: options.timeout * 1000 + this.#session.timeouts.stopMarginMs,
      signal: options.signal,
    });
    return status !== 304;
  }

  /**
   * Sends a signal to a container's first process.
   *
   * @param options - `signal`: a signal's name or number, default SIGKILL; `abortSignal`: aborts the call.
   * @throws EngineError 409 when the container is not running.
   */
  async kill(
    container: ContainerRef,
    options: { signal?: string; abortSignal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/kill`,
      query: { signal: options.signal },
      timeout: this.#session.timeouts.changeMs,
      signal: options.abortSignal,
    });
  }

  /** Pauses a container. @throws EngineError 409 when it is already paused or not running. */
  async pause(container: ContainerRef, options: CallOptions = {}): Promise<void> {
    await this.#post(path`/containers/${container}/pause`, options);
  }

  /** Unpauses a container. @throws EngineError when it is not paused: 500 from 20.10, 409 from later engines. */
  async unpause(container: ContainerRef, options: CallOptions = {}): Promise<void> {
    await this.#post(path`/containers/${container}/unpause`, options);
  }

  /**
   * Renames a container.
   *
   * @throws EngineError 409 when the name is in use.
   */
  async rename(container: ContainerRef, options: CallOptions & { name: ContainerRef }): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/rename`,
      query: { name: options.name },
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /** Updates the limits of a container, running or not. An omitted limit keeps its value. */
  async update(container: ContainerRef, options: CallOptions & { limits: ResourceLimits }): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/update`,
      body: options.limits,
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /**
   * Removes a container.
   *
   * @param options - `force` kills it first; `volumes` removes its anonymous volumes.
   * @throws EngineError 404 when it does not exist; 409 when it is running, or another removal is in progress.
   */
  async remove(
    container: ContainerRef,
    options: CallOptions & { force?: boolean; volumes?: boolean } = {},
  ): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/containers/${container}`,
      query: { force: options.force, v: options.volumes },
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /** Inspects a container. `size` also computes its disk usage, which reads all of its files. */
  async inspect(
    container: ContainerRef,
    options: CallOptions & { size?: boolean } = {},
  ): Promise<ContainerInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/json`,
        query: { size: options.size },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      containerInspect,
    );
  }

  /** Returns a container's configuration in the form in which {@link create} accepts it, without its networks. */
  async configuration(container: ContainerRef, options: CallOptions = {}): Promise<ContainerConfiguration> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/json`,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      containerConfiguration,
    );
  }

  /** Lists running containers or, with `all`, every container. */
  async list(
    options: CallOptions & { all?: boolean; filters?: ContainerFilters } = {},
  ): Promise<ContainerSummary[]> {
    return this.#session.list(
      {
        method: 'GET',
        path: path`/containers/json`,
        query: { all: options.all, filters: options.filters },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      containerSummary.transform((container) => ({
        ...container,
        Labels: this.#session.kept(container.Labels),
      })),
    );
  }

  /**
   * Returns one sample. `one-shot` (API 1.41 and later) avoids the second that the engine otherwise waits between two.
   */
  async stats(container: ContainerRef, options: CallOptions = {}): Promise<ContainerStats> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/stats`,
        query: { stream: false, 'one-shot': true },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      containerStats,
    );
  }

  /**
   * Returns a container's output: stdout and stderr interleaved as written. The reader must end or destroy the stream.
   */
  async logs(container: ContainerRef, options: LogOptions): Promise<Readable> {
    const request = { method: 'GET', path: path`/containers/${container}/logs` } as const;
    return this.#session.stream(
      {
        ...request,
        query: {
          stdout: options.stdout ?? true,
          stderr: options.stderr ?? true,
          tail: options.tail,
          follow: options.follow,
          since: options.since,
          timestamps: options.timestamps,
        },
        timeout: options.follow === true ? undefined : this.#session.timeouts.archiveIdleMs,
        signal: options.signal,
      },
      outputReader(options.tty, request),
    );
  }

  /**
   * Waits, without a timeout, until a container has stopped.
   *
   * @param options - `condition`: `not-running` resolves at once for a stopped container; `next-exit` does not.
   */
  async wait(
    container: ContainerRef,
    options: CallOptions & { condition?: 'not-running' | 'next-exit' | 'removed' } = {},
  ): Promise<{ statusCode: number; error: string | undefined }> {
    const exit = await this.#session.json(
      {
        method: 'POST',
        path: path`/containers/${container}/wait`,
        query: { condition: options.condition },
        timeout: undefined,
        signal: options.signal,
      },
      containerExit,
    );
    return { statusCode: exit.StatusCode, error: exit.Error?.Message };
  }

  /**
   * Commits a container's files to an image.
   *
   * @param options - `pause` pauses the container during the commit; `configuration` overrides parts of its
   * configuration in the image.
   */
  async commit(
    container: ContainerRef,
    options: CallOptions & {
      repo: RepositoryName;
      tag: TagName;
      pause: boolean;
      comment?: string;
      configuration?: Partial<ContainerSpecification>;
    },
  ): Promise<{ id: ImageId }> {
    const answer = await this.#session.json(
      {
        method: 'POST',
        path: path`/commit`,
        query: {
          container,
          repo: options.repo,
          tag: options.tag,
          pause: options.pause,
          comment: options.comment,
        },
        body: options.configuration ?? {},
        timeout: this.#session.timeouts.commitMs,
        signal: options.signal,
      },
      committed,
    );
    return { id: answer.Id };
  }

  /**
   * Attaches to a container's console. Writes go to its standard input, which `end()` closes; reads return its output,
   * as {@link logs} does.
   *
   * @param options - `logs` first replays earlier output; `tty` as in {@link LogOptions}; `detachKeys` is the key
   * sequence that detaches a terminal, `ctrl-p,ctrl-q` by default: the engine withholds a prefix of it from the
   * container until another key follows.
   */
  async attach(
    container: ContainerRef,
    options: CallOptions & {
      stdin?: boolean;
      stdout?: boolean;
      stderr?: boolean;
      logs?: boolean;
      tty: boolean;
      detachKeys?: string;
    },
  ): Promise<Duplex> {
    const request = { method: 'POST', path: path`/containers/${container}/attach` } as const;
    return this.#session.attach(
      {
        ...request,
        query: {
          stream: true,
          stdin: options.stdin,
          stdout: options.stdout,
          stderr: options.stderr,
          logs: options.logs,
          detachKeys: options.detachKeys,
        },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      outputReader(options.tty, request),
    );
  }

  async #post(target: RequestPath, options: CallOptions): Promise<number> {
    return this.#session.status({
      method: 'POST',
      path: target,
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }
}

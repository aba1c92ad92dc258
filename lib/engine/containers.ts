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
 * Which containers a list has: those that match one value of every key. Only keys that the engine is known to have: it
 * ignores others and then lists everything.
 */
interface ContainerFilters {
  /** `name` or `name=value`; here a container must match all. */
  readonly label?: readonly string[];
  readonly id?: readonly ContainerRef[];
  /** `created`, `running`, `paused`, `exited`, `dead`, … */
  readonly status?: readonly string[];
  /** Regular expressions, matched anywhere in the name. */
  readonly name?: readonly string[];
  readonly network?: readonly string[];
}

/** What of a container's output is wanted. */
interface LogOptions extends CallOptions {
  /** Default: true. */
  readonly stdout?: boolean;
  /** Default: true. */
  readonly stderr?: boolean;
  /** The last so many lines; default: all. */
  readonly tail?: number;
  /** Stay and give what comes. */
  readonly follow?: boolean;
  /** Only what came later: seconds since 1970, with a fraction. */
  readonly since?: number;
  /** Each line begins with its time. */
  readonly timestamps?: boolean;
  /** Whether the container has a terminal (`Config.Tty`): the engine then sends its output bare. */
  readonly tty: boolean;
}

/** The containers of an engine. */
export class ContainersApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Makes a container; it is not started.
   *
   * @throws EngineError 404 when there is no such image (see `isNoSuchImage`), 409 when the name is taken, 400 when the
   * engine refuses the specification.
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
        timeout: this.#session.timeouts.change,
        signal: options.signal,
      },
      containerCreated,
    );
    return { id: created.Id, warnings: created.Warnings };
  }

  /** Starts a container. @returns false when it ran already. */
  async start(container: ContainerRef, options: CallOptions = {}): Promise<boolean> {
    return (await this.#post(path`/containers/${container}/start`, options)) !== 304;
  }

  /**
   * Stops a container: its stop signal, and after `timeout` SIGKILL.
   *
   * @param options - `timeout` in seconds.
   * @returns false when it did not run.
   */
  async stop(container: ContainerRef, options: CallOptions & { timeout: number }): Promise<boolean> {
    const status = await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/stop`,
      query: { t: options.timeout },
      timeout: options.timeout * 1000 + this.#session.timeouts.stopMargin,
      signal: options.signal,
    });
    return status !== 304;
  }

  /**
   * Sends a container's first process a signal.
   *
   * @param options - `signal`: the process's, by name or number, default SIGKILL; `abortSignal`: breaks the call off.
   * @throws EngineError 409 when it does not run.
   */
  async kill(
    container: ContainerRef,
    options: { signal?: string; abortSignal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/kill`,
      query: { signal: options.signal },
      timeout: this.#session.timeouts.change,
      signal: options.abortSignal,
    });
  }

  /** Freezes a container. @throws EngineError 409 when it is paused or does not run. */
  async pause(container: ContainerRef, options: CallOptions = {}): Promise<void> {
    await this.#post(path`/containers/${container}/pause`, options);
  }

  /** Thaws a container. @throws EngineError when it is not paused: 500 from 20.10, 409 from later engines. */
  async unpause(container: ContainerRef, options: CallOptions = {}): Promise<void> {
    await this.#post(path`/containers/${container}/unpause`, options);
  }

  /**
   * Gives a container another name.
   *
   * @throws EngineError 409 when the name is taken.
   */
  async rename(container: ContainerRef, options: CallOptions & { name: ContainerRef }): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/rename`,
      query: { name: options.name },
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /** Changes what a container gets of its host, running or not. What is left out stays as it is. */
  async update(container: ContainerRef, options: CallOptions & { limits: ResourceLimits }): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/containers/${container}/update`,
      body: options.limits,
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /**
   * Removes a container.
   *
   * @param options - `force` kills it first; `volumes` removes its anonymous volumes.
   * @throws EngineError 404 when it is gone; 409 when it runs, or when another removal is in progress.
   */
  async remove(
    container: ContainerRef,
    options: CallOptions & { force?: boolean; volumes?: boolean } = {},
  ): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/containers/${container}`,
      query: { force: options.force, v: options.volumes },
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /** Tells all about a container. `size` also measures its files, which reads them all. */
  async inspect(
    container: ContainerRef,
    options: CallOptions & { size?: boolean } = {},
  ): Promise<ContainerInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/json`,
        query: { size: options.size },
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      containerInspect,
    );
  }

  /**
   * Tells what a container was made with, in the form in which another one can be made with it; its networks are not in
   * it.
   */
  async configuration(container: ContainerRef, options: CallOptions = {}): Promise<ContainerConfiguration> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/json`,
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      containerConfiguration,
    );
  }

  /** Lists containers: those that run, or `all`. */
  async list(
    options: CallOptions & { all?: boolean; filters?: ContainerFilters } = {},
  ): Promise<ContainerSummary[]> {
    return this.#session.list(
      {
        method: 'GET',
        path: path`/containers/json`,
        query: { all: options.all, filters: options.filters },
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      containerSummary.transform((container) => ({
        ...container,
        Labels: this.#session.kept(container.Labels),
      })),
    );
  }

  /** Measures a container once, without the second that the engine otherwise takes to compare (API 1.41 and later). */
  async stats(container: ContainerRef, options: CallOptions = {}): Promise<ContainerStats> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/containers/${container}/stats`,
        query: { stream: false, 'one-shot': true },
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      containerStats,
    );
  }

  /**
   * Gives a container's output: the bytes of both streams in the order they came. The reader must end or destroy it.
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
        timeout: options.follow === true ? undefined : this.#session.timeouts.archive,
        signal: options.signal,
      },
      outputReader(options.tty, request),
    );
  }

  /**
   * Waits, as long as it takes, until a container has stopped.
   *
   * @param options - `condition`: `not-running` is true at once for one that does not run; `next-exit` is not.
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
   * Makes an image of a container's files.
   *
   * @param options - `pause` freezes it meanwhile; `configuration` replaces parts of its configuration in the image.
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
        timeout: this.#session.timeouts.commit,
        signal: options.signal,
      },
      committed,
    );
    return { id: answer.Id };
  }

  /**
   * Connects to a container's console. Writing goes to its standard input, which `end()` closes; reading gives its
   * output, as {@link logs} does.
   *
   * @param options - `logs` begins with what was written before; `tty` as in {@link LogOptions}; `detachKeys` is what
   * to type on a terminal to be
   *   disconnected, `ctrl-p,ctrl-q` by default: none of it reaches the container before it is clear that it is something else.
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
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      outputReader(options.tty, request),
    );
  }

  async #post(target: RequestPath, options: CallOptions): Promise<number> {
    return this.#session.status({
      method: 'POST',
      path: target,
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }
}

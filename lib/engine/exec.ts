import type { Duplex } from 'node:stream';

import type { ContainerRef, ExecId } from './schemas/identifiers.js';
import { outputReader } from './multiplexed.js';
import { path } from './request-path.js';
import { execCreated, execInspect, type ExecInspect } from './schemas/exec.js';
import type { CallOptions, Session } from './session.js';
import type { ExecSpecification } from './specifications.js';

/** The `/exec` API of an engine: additional processes in running containers. */
export class ExecApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Creates a process without starting it.
   *
   * @throws EngineError 409 when the container is not running or is paused.
   */
  async create(
    container: ContainerRef,
    options: CallOptions & { specification: ExecSpecification },
  ): Promise<ExecId> {
    const created = await this.#session.json(
      {
        method: 'POST',
        path: path`/containers/${container}/exec`,
        body: options.specification,
        timeout: this.#session.timeouts.changeMs,
        signal: options.signal,
      },
      execCreated,
    );
    return created.Id;
  }

  /**
   * Starts the process. Writes go to its standard input, which `end()` closes. Reads return its output, stdout and
   * stderr interleaved, until it exits. The reader must end or destroy the stream.
   *
   * @param options - `tty` as the process was created.
   */
  async start(exec: ExecId, options: CallOptions & { tty: boolean }): Promise<Duplex> {
    const request = { method: 'POST', path: path`/exec/${exec}/start` } as const;
    return this.#session.attach(
      {
        ...request,
        body: { Detach: false, Tty: options.tty },
        timeout: this.#session.timeouts.changeMs,
        signal: options.signal,
      },
      outputReader(options.tty, request),
    );
  }

  /** Returns the process's state and exit code. */
  async inspect(exec: ExecId, options: CallOptions = {}): Promise<ExecInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/exec/${exec}/json`,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      execInspect,
    );
  }
}

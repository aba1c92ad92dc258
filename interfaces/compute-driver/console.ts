import type { Diagnostics } from '../objects/diagnostics.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** Where a console can be reached. Nova: `nova.console.type.Console`. */
export interface ConsoleConnection {
  readonly host: string;
  readonly port: number;
  /** What the proxy must ask a server there for, where there is more than one console; null for a serial console. */
  readonly internal_access_path?: string | null;
}

/** Where a SPICE console can be reached. Nova: `nova.console.type.ConsoleSpice`. */
export interface ConsoleSpiceConnection extends ConsoleConnection {
  readonly tlsPort: number | null;
}

/** What an instance says, and how it does. */
export interface ConsoleVerbs {
  /**
   * The last 100 KiB at most of what the container's processes have written to their standard output and error, over
   * all its runs, as UTF-8. What came from a terminal is as that showed it, with `\r\n` for the end of a line.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws ConsoleNotAvailable when the engine was told to keep logs where it cannot read them.
   * Nova: `ComputeDriver.get_console_output`.
   */
  get_console_output(context: RequestContext, instance: Instance, options?: VerbOptions): Promise<string>;

  /**
   * Where to reach the container's terminal: a TCP port, the same until the instance is powered off, moved or
   * destroyed, that carries what is typed and what is shown, to one user at a time. It asks nobody who he is: for that
   * there is Nova's proxy.
   *
   * @throws ConsoleTypeUnavailable when serial consoles are not enabled, or were not when the instance was made: it has
   * no terminal.
   * @throws InstanceNotReady when it does not run.
   * @throws InstanceNotFound when there is no such instance.
   * @throws SocketPortRangeExhaustedException when no port is free.
   * Nova: `ComputeDriver.get_serial_console`.
   */
  get_serial_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleConnection>;

  /**
   * Where to reach the instance's screen by VNC.
   *
   * Nova: `ComputeDriver.get_vnc_console`.
   */
  get_vnc_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleConnection>;

  /**
   * Where to reach the instance's screen by SPICE.
   *
   * Nova: `ComputeDriver.get_spice_console`.
   */
  get_spice_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleSpiceConnection>;

  /**
   * Where to reach the instance's screen by VMware's protocol.
   *
   * Nova: `ComputeDriver.get_mks_console`.
   */
  get_mks_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleConnection>;

  /**
   * What the driver can measure of the instance, in names of its own.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run.
   * Nova: `ComputeDriver.get_diagnostics`.
   */
  get_diagnostics(
    instance: Instance,
    options?: VerbOptions,
  ): Promise<Readonly<Record<string, string | number>>>;

  /**
   * The same, in Nova's names.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run.
   * Nova: `ComputeDriver.get_instance_diagnostics`.
   */
  get_instance_diagnostics(instance: Instance, options?: VerbOptions): Promise<Diagnostics>;
}

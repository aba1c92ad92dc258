import type { Diagnostics } from '../objects/diagnostics.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** The address of a console. Nova: `nova.console.type.Console`. */
export interface ConsoleConnection {
  readonly host: string;
  readonly port: number;
  /** The path that the proxy requests from a server with several consoles. Null for a serial console. */
  readonly internal_access_path?: string | null;
}

/** The address of a SPICE console. Nova: `nova.console.type.ConsoleSpice`. */
export interface ConsoleSpiceConnection extends ConsoleConnection {
  readonly tlsPort: number | null;
}

/** The output, consoles and diagnostics of instances. */
export interface ConsoleVerbs {
  /**
   * Returns the end of what the container's processes have written to standard output and standard error in all runs:
   * at most 100 KiB, as UTF-8. The output of a terminal ends its lines with `\r\n`.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws ConsoleNotAvailable when the engine is configured to store logs where it cannot read them.
   * Nova: `ComputeDriver.get_console_output`.
   */
  get_console_output(context: RequestContext, instance: Instance, options?: VerbOptions): Promise<string>;

  /**
   * Returns the address of the container's terminal: a TCP port that carries input and output, for one client at a
   * time. The port stays the same until the instance is powered off, moved or destroyed. It is unauthenticated: Nova's
   * proxy authenticates the users.
   *
   * @throws ConsoleTypeUnavailable when serial consoles are disabled, or were when the instance was created: then it
   * has no terminal.
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
   * Returns the address of the instance's screen by VNC.
   *
   * Nova: `ComputeDriver.get_vnc_console`.
   */
  get_vnc_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleConnection>;

  /**
   * Returns the address of the instance's screen by SPICE.
   *
   * Nova: `ComputeDriver.get_spice_console`.
   */
  get_spice_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleSpiceConnection>;

  /**
   * Returns the address of the instance's screen by VMware's MKS protocol.
   *
   * Nova: `ComputeDriver.get_mks_console`.
   */
  get_mks_console(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<ConsoleConnection>;

  /**
   * Returns the measurements of the instance, under the driver's own names.
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
   * Returns the measurements of the instance, under Nova's standard names.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run.
   * Nova: `ComputeDriver.get_instance_diagnostics`.
   */
  get_instance_diagnostics(instance: Instance, options?: VerbOptions): Promise<Diagnostics>;
}

import type { Diagnostics } from '../objects/diagnostics.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** Where a console can be reached. Nova: `nova.console.type.Console`. */
export interface ConsoleConnection {
  readonly host: string;
  readonly port: number;
  readonly internal_access_path?: string | null;
}

/** Where a SPICE console can be reached. Nova: `nova.console.type.ConsoleSpice`. */
export interface ConsoleSpiceConnection extends ConsoleConnection {
  readonly tlsPort: number | null;
}

/** What an instance says, and how it does. */
export interface ConsoleVerbs {
  /**
   * The last of what the container's processes have written to their standard output and error, as UTF-8.
   *
   * @throws InstanceNotFound when there is no such instance.
   * Nova: `ComputeDriver.get_console_output`.
   */
  get_console_output(context: RequestContext, instance: Instance, options?: VerbOptions): Promise<string>;

  /**
   * Where to reach the container's terminal.
   *
   * @throws ConsoleTypeUnavailable when it has none.
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

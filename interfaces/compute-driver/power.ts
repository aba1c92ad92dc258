import type { RebootType } from '../constants/reboot-type.js';
import type { BlockDeviceInfo } from '../objects/block-device-info.js';
import type { Instance } from '../objects/instance.js';
import type { NetworkInfo } from '../objects/network-info.js';
import type { RequestContext } from '../objects/request-context.js';
import type { AcceleratorRequest } from './allocations.js';
import type { ShareMapping } from './storage.js';
import type { VerbOptions } from './verb-options.js';

/** Options of {@link PowerVerbs.power_off}. */
export interface PowerOffOptions extends VerbOptions {
  /** Seconds that the container gets to stop by itself before it is killed. Default: 0, it is killed at once. */
  readonly timeout?: number;
  /** Seconds between two requests to stop. Default: 0, only one request. */
  readonly retry_interval?: number;
}

/** Options of {@link PowerVerbs.resume}. */
export interface ResumeOptions extends VerbOptions {
  /** The disks of the instance. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
  /** The shares of the instance. Default: none. */
  readonly share_info?: readonly ShareMapping[] | null;
}

/** Options of {@link PowerVerbs.power_on}. */
export interface PowerOnOptions extends ResumeOptions {
  /** The accelerators of the instance. Default: none. */
  readonly accel_info?: readonly AcceleratorRequest[] | null;
}

/** Options of {@link PowerVerbs.reboot}. */
export interface RebootOptions extends PowerOnOptions {
  /** Called with the device names of volumes that could not be attached. Default: a no-op. */
  readonly bad_volumes_callback?: ((bad_devices: readonly string[]) => Promise<void>) | null;
}

/** Starting, stopping and pausing instances. An instance that already has the requested state is a success. */
export interface PowerVerbs {
  /**
   * Starts the container with its interfaces. A frozen container is unfrozen.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstancePowerOnFailure when it does not start; the container stays.
   * Nova: `ComputeDriver.power_on`.
   */
  power_on(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options?: PowerOnOptions,
  ): Promise<void>;

  /**
   * Stops the container, even if it is paused. For a missing instance this is a no-op.
   *
   * @throws InstancePowerOffFailure when it does not stop.
   * Nova: `ComputeDriver.power_off`.
   */
  power_off(instance: Instance, options?: PowerOffOptions): Promise<void>;

  /**
   * Restarts the instance from any state. Afterwards its power state is `RUNNING`, with its interfaces. An instance
   * without a container gets a new one from its image.
   *
   * @param reboot_type - `SOFT` requests a clean stop, and falls back to `HARD`. `HARD` kills the container and
   * restores what is missing.
   * @throws InstanceNotFound when there is no such instance, and it names no image from which to recreate it.
   * @throws InstanceRebootFailure when it does not start again.
   * Nova: `ComputeDriver.reboot`.
   */
  reboot(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    reboot_type: RebootType,
    options?: RebootOptions,
  ): Promise<void>;

  /**
   * Freezes all processes of the container. They keep their memory.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run, or is suspended.
   * Nova: `ComputeDriver.pause`.
   */
  pause(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Unfreezes the processes of a paused container.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run at all, or is suspended.
   * Nova: `ComputeDriver.unpause`.
   */
  unpause(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Freezes the container until {@link resume}; it keeps its memory. Afterwards its power state is `SUSPENDED`, even if
   * it was paused before.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceSuspendFailure when it cannot be frozen.
   * Nova: `ComputeDriver.suspend`.
   */
  suspend(context: RequestContext, instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Unfreezes a suspended instance, with its interfaces. If its memory was lost because its host was restarted, starts
   * it.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceResumeFailure when it cannot be unfrozen or started.
   * Nova: `ComputeDriver.resume`.
   */
  resume(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options?: ResumeOptions,
  ): Promise<void>;

  /**
   * Starts an instance that ran before its host was restarted, as a `HARD` {@link reboot} does. An instance that runs,
   * or is frozen with its memory, stays as it is.
   *
   * @throws InstanceNotFound when there is no such instance, and it names no image from which to recreate it.
   * @throws InstanceResumeFailure when it does not start.
   * Nova: `ComputeDriver.resume_state_on_host_boot`.
   */
  resume_state_on_host_boot(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options?: ResumeOptions,
  ): Promise<void>;

  /**
   * Finishes stuck reboots as `HARD` ones, except of instances that were started meanwhile. A failure is logged, and
   * does not stop the others.
   *
   * @param timeout - seconds after which a reboot counts as stuck.
   * @param instances - the instances that have been rebooting for longer.
   * Nova: `ComputeDriver.poll_rebooting_instances`.
   */
  poll_rebooting_instances(
    timeout: number,
    instances: readonly Instance[],
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Informs the driver that another service changes the instance's power state.
   *
   * Nova: `ComputeDriver.power_update_event`.
   */
  power_update_event(
    instance: Instance,
    target_power_state: 'POWER_ON' | 'POWER_OFF',
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Sends the container's main process the signal that makes it dump its memory.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceNotRunning when it does not run.
   * Nova: `ComputeDriver.trigger_crash_dump`.
   */
  trigger_crash_dump(instance: Instance, options?: VerbOptions): Promise<void>;
}

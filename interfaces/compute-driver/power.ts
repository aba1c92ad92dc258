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
  /** Seconds to let the container end by itself before it is killed. Default: 0, kill at once. */
  readonly timeout?: number;
  /** Seconds after which it is asked again while it has not ended. Default: 0, ask once. */
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
  /** Told which volumes (device names) could not be had. Default: nobody is told. */
  readonly bad_volumes_callback?: ((bad_devices: readonly string[]) => Promise<void>) | null;
}

/** Starting, stopping and freezing instances. Being in the wanted state already is success. */
export interface PowerVerbs {
  /**
   * Starts the container, with its interfaces; one that is frozen goes on.
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
   * Stops the container, a paused one too. An instance that is not there is off.
   *
   * @throws InstancePowerOffFailure when it does not stop.
   * Nova: `ComputeDriver.power_off`.
   */
  power_off(instance: Instance, options?: PowerOffOptions): Promise<void>;

  /**
   * Starts the instance anew; afterwards its power state is `RUNNING`, with its interfaces, whatever it was before. An
   * instance that has lost its container is made again of its image.
   *
   * @param reboot_type - `SOFT` asks it to stop, `HARD` kills it and puts back what is missing; a `SOFT` that fails
   * goes on as `HARD`.
   * @throws InstanceNotFound when there is no such instance, and it names no image to make it of again.
   * @throws InstanceRebootFailure when it does not come back.
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
   * Freezes all processes of the container; their memory stays.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run, or is suspended.
   * Nova: `ComputeDriver.pause`.
   */
  pause(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Lets the processes of a paused container go on.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceInvalidState when it does not run at all, or is suspended.
   * Nova: `ComputeDriver.unpause`.
   */
  unpause(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Freezes the container in such a way that {@link resume} lets it go on with its memory. Afterwards its power state
   * is `SUSPENDED`, a paused one's too.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceSuspendFailure when it cannot.
   * Nova: `ComputeDriver.suspend`.
   */
  suspend(context: RequestContext, instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Lets a suspended instance go on, with its interfaces. One whose memory was lost, because its host was restarted, is
   * started.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceResumeFailure when it cannot.
   * Nova: `ComputeDriver.resume`.
   */
  resume(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options?: ResumeOptions,
  ): Promise<void>;

  /**
   * Starts an instance that ran before its host was restarted, as a `HARD` {@link reboot} does. One that runs, or is
   * frozen with its memory, stays as it is.
   *
   * @throws InstanceNotFound when there is no such instance, and it names no image to make it of again.
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
   * Reboots instances that have been rebooting for too long, `HARD`, unless they were started meanwhile. What fails is
   * logged, and does not keep the others from it.
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
   * Takes note that somebody else is switching the instance.
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

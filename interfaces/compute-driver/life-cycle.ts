import type { BlockDeviceInfo } from '../objects/block-device-info.js';
import type { ImageMeta } from '../objects/image-meta.js';
import type { InjectedFile } from '../objects/injected-file.js';
import type { Instance } from '../objects/instance.js';
import type { NetworkInfo } from '../objects/network-info.js';
import type { RequestContext } from '../objects/request-context.js';
import type { LongRunningOptions } from '../progress.js';
import type { AcceleratorRequest, Allocations } from './allocations.js';
import type { BlockDeviceMapping, ShareMapping } from './storage.js';
import type { VerbOptions } from './verb-options.js';

/** What a new container is given beside its image and flavor. */
interface BootOptions extends LongRunningOptions {
  /** Files to write before the first start. Default: none. */
  readonly injected_files?: readonly InjectedFile[] | null;
  /** The administrator's password. Default: none is set. */
  readonly admin_password?: string | null;
  /** What Placement has set aside for the instance. Default: none. */
  readonly allocations?: Allocations | null;
  /** The interfaces to plug, in order. Default: none. */
  readonly network_info?: NetworkInfo | null;
  /** The disks to attach. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
}

/** Options of {@link LifeCycleVerbs.spawn}. */
export interface SpawnOptions extends BootOptions {
  /** Whether to start the container. Default: true. */
  readonly power_on?: boolean;
  /** The accelerators to hand over. Default: none. */
  readonly accel_info?: readonly AcceleratorRequest[] | null;
}

/** Options of {@link LifeCycleVerbs.rebuild}. */
export interface RebuildOptions extends BootOptions {
  /** The instance's block device mappings. Default: none. */
  readonly bdms?: readonly BlockDeviceMapping[];
  /** Detaches the volumes of these mappings. */
  readonly detach_block_devices?: (
    context: RequestContext,
    bdms: readonly BlockDeviceMapping[],
  ) => Promise<void>;
  /** Attaches the volumes of these mappings; returns the disks as `block_device_info` has them. */
  readonly attach_block_devices?: (
    context: RequestContext,
    instance: Instance,
    bdms: readonly BlockDeviceMapping[],
  ) => Promise<BlockDeviceInfo>;
  /** Whether the instance comes from a host that is gone: there is nothing here to remove. Default: false. */
  readonly evacuate?: boolean;
  /** Whether to keep the ephemeral disks. Default: false. */
  readonly preserve_ephemeral?: boolean;
  /** The accelerators' ids. Default: none. */
  readonly accel_uuids?: readonly string[] | null;
  /** Whether to write the image anew to the volume the instance boots from. Default: false. */
  readonly reimage_boot_volume?: boolean;
}

/** Options of {@link LifeCycleVerbs.destroy}. */
export interface DestroyOptions extends VerbOptions {
  /** The disks to detach. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
  /** Whether to delete local disks. Default: true. */
  readonly destroy_disks?: boolean;
  /** Whether to delete the secrets of encrypted disks. Default: true. */
  readonly destroy_secrets?: boolean;
}

/** Options of {@link LifeCycleVerbs.cleanup}. */
export interface CleanupOptions extends DestroyOptions {
  /** Of the driver's own making, when a live migration is cleaned up after. Default: none. */
  readonly migrate_data?: Readonly<Record<string, unknown>> | null;
  /** Whether to unplug the interfaces. Default: true. */
  readonly destroy_vifs?: boolean;
}

/** Options of {@link LifeCycleVerbs.rescue}. */
export interface RescueOptions extends LongRunningOptions {
  /** The administrator's password while rescued. Default: none is set. */
  readonly rescue_password?: string | null;
  /** The disks of the instance. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
  /** The shares of the instance. Default: none. */
  readonly share_info?: readonly ShareMapping[] | null;
}

/** Making and unmaking instances. */
export interface LifeCycleVerbs {
  /**
   * Does what must be done before {@link spawn} is tried. Makes no container.
   *
   * Nova: `ComputeDriver.prepare_for_spawn`.
   */
  prepare_for_spawn(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Takes back what {@link prepare_for_spawn} and a failed {@link spawn} may have left. Can be repeated, and succeeds
   * when there is nothing left.
   *
   * @throws InstancePowerOffFailure when the engine cannot be reached or does not stop a container of it.
   * @throws InstanceTerminationFailure when something else of it cannot be removed.
   * Nova: `ComputeDriver.failed_spawn_cleanup`.
   */
  failed_spawn_cleanup(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Makes the instance's container from its image: networks, files, start. Afterwards its power state is `RUNNING`, or
   * `SHUTDOWN` when it was not to be started. When it fails, whatever it made is gone again.
   *
   * @throws ImageNotFound, ImageNotActive, ImageUnacceptable or SignatureVerificationError when the
   * image cannot be booted; FlavorDiskTooSmall or FlavorMemoryTooSmall when it does not fit the flavor;
   * VirtualInterfaceCreateException, VirtualInterfaceMacAddressException or FixedIpInvalidOnHost when an interface
   * cannot be had; InvalidInput when the instance asks for what cannot be. None of these is tried again on another
   * host.
   * @throws InstanceExists when the instance's name is taken.
   * @throws ComputeResourcesUnavailable when this host has too little, InstanceDeployFailure when the engine refuses,
   * and any other error: another host may be tried.
   * Nova: `ComputeDriver.spawn`.
   */
  spawn(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options?: SpawnOptions,
  ): Promise<void>;

  /**
   * Replaces the instance's container by a new one from `image_meta`, under the same id, name and interfaces. What was
   * written in the old one is lost.
   *
   * @throws what {@link spawn} throws, but InstanceExists; InstanceDeployFailure when the engine refuses.
   * @throws NotImplementedError when the driver has no way of its own: then destroy and spawn.
   * Nova: `ComputeDriver.rebuild`.
   */
  rebuild(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options?: RebuildOptions,
  ): Promise<void>;

  /**
   * Stops the container and removes it with its interfaces and files. An instance that is not there is a warning, never
   * an error.
   *
   * @throws InstancePowerOffFailure when it may still run, because the engine cannot be reached or does not stop it: its
   * addresses stay reserved.
   * @throws InstanceTerminationFailure when it cannot be removed.
   * Nova: `ComputeDriver.destroy`.
   */
  destroy(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options?: DestroyOptions,
  ): Promise<void>;

  /**
   * Removes what an instance whose container is gone has left on the host: interfaces, files. Can be repeated.
   *
   * @throws what {@link destroy} throws: InstancePowerOffFailure, InstanceTerminationFailure.
   * Nova: `ComputeDriver.cleanup`.
   */
  cleanup(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options?: CleanupOptions,
  ): Promise<void>;

  /**
   * Stops the instance and keeps it, so that {@link restore} can bring it back. One that is not there is stopped.
   *
   * @throws InstancePowerOffFailure when it does not stop.
   * @throws NotImplementedError when the driver has no way of its own: then power off.
   * Nova: `ComputeDriver.soft_delete`.
   */
  soft_delete(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Starts a soft-deleted instance again, with the interfaces of its `info_cache`.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstancePowerOnFailure when it does not start.
   * @throws NotImplementedError when the driver has no way of its own: then power on.
   * Nova: `ComputeDriver.restore`.
   */
  restore(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Stops the instance's container, keeps it, and runs a second one from `image_meta` that can reach the first one's
   * files.
   *
   * @param network_info - the interfaces of both; null: those that the instance has.
   * @throws InstanceNotRescuable when the instance cannot be rescued: among others, when its files are larger than the
   * flavor's disk, or lie too deep to be copied.
   * Nova: `ComputeDriver.rescue`.
   */
  rescue(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    image_meta: ImageMeta,
    options?: RescueOptions,
  ): Promise<void>;

  /**
   * Removes the second container and starts the instance's own again.
   *
   * @throws InstanceInvalidState when its files are larger than the flavor's disk, or lie too deep to be copied: it
   * stays rescued, so that they can be removed.
   * Nova: `ComputeDriver.unrescue`.
   */
  unrescue(context: RequestContext, instance: Instance, options?: LongRunningOptions): Promise<void>;

  /**
   * Deletes the files that an instance without a container still has on this host.
   *
   * @returns whether they are gone.
   * @throws what {@link destroy} throws: InstancePowerOffFailure, InstanceTerminationFailure.
   * Nova: `ComputeDriver.delete_instance_files`.
   */
  delete_instance_files(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Frees whatever else a lingering instance holds on this host.
   *
   * @returns whether all of it is free.
   * Nova: `ComputeDriver.cleanup_lingering_instance_resources`.
   */
  cleanup_lingering_instance_resources(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Sets the password of the instance's administrator while it runs.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceNotRunning when it does not run.
   * @throws SetAdminPasswdNotSupported when the image has no such account.
   * Nova: `ComputeDriver.set_admin_password`.
   */
  set_admin_password(instance: Instance, new_pass: string, options?: VerbOptions): Promise<void>;
}

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

/** What a new container gets, apart from its image and flavor. */
interface BootOptions extends LongRunningOptions {
  /** Files to write before the first start. Default: none. */
  readonly injected_files?: readonly InjectedFile[] | null;
  /** The administrator's password. Default: none is set. */
  readonly admin_password?: string | null;
  /** The resources that Placement has allocated to the instance. Default: none. */
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
  /** The accelerators to attach. Default: none. */
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
  /** Attaches the volumes of these mappings, and returns the disks in the format of `block_device_info`. */
  readonly attach_block_devices?: (
    context: RequestContext,
    instance: Instance,
    bdms: readonly BlockDeviceMapping[],
  ) => Promise<BlockDeviceInfo>;
  /** Whether the instance's former host failed, so that this host has nothing to remove. Default: false. */
  readonly evacuate?: boolean;
  /** Whether to keep the ephemeral disks. Default: false. */
  readonly preserve_ephemeral?: boolean;
  /** The accelerators' ids. Default: none. */
  readonly accel_uuids?: readonly string[] | null;
  /** Whether to rewrite the boot volume with the image. Default: false. */
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
  /** The driver's own data, passed when a live migration is cleaned up. Default: none. */
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

/** Creating and removing instances. */
export interface LifeCycleVerbs {
  /**
   * Prepares the host for {@link spawn}. Creates no container.
   *
   * Nova: `ComputeDriver.prepare_for_spawn`.
   */
  prepare_for_spawn(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Removes what {@link prepare_for_spawn} and a failed {@link spawn} left. Idempotent.
   *
   * @throws InstancePowerOffFailure when the engine cannot be reached, or does not stop one of the instance's
   * containers.
   * @throws InstanceTerminationFailure when another part of the instance cannot be removed.
   * Nova: `ComputeDriver.failed_spawn_cleanup`.
   */
  failed_spawn_cleanup(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Creates the instance's container from its image, with networks and files, and starts it. Afterwards its power state
   * is `RUNNING`, or `SHUTDOWN` if it was not to be started. A failure is rolled back.
   *
   * @throws ImageNotFound, ImageNotActive, ImageUnacceptable or SignatureVerificationError when the image cannot be
   * booted; FlavorDiskTooSmall or FlavorMemoryTooSmall when it does not fit the flavor;
   * VirtualInterfaceCreateException, VirtualInterfaceMacAddressException or FixedIpInvalidOnHost when an interface
   * cannot be created; InvalidInput when the instance requests something impossible. None of these is retried on
   * another host.
   * @throws InstanceExists when the instance's name is taken.
   * @throws ComputeResourcesUnavailable when this host lacks resources, InstanceDeployFailure when the engine refuses.
   * After these and any other error, the orchestrator may try another host.
   * Nova: `ComputeDriver.spawn`.
   */
  spawn(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options?: SpawnOptions,
  ): Promise<void>;

  /**
   * Replaces the instance's container by a new one from `image_meta`, with the same id, name and interfaces. Files
   * written in the old container are lost.
   *
   * @throws what {@link spawn} throws, except InstanceExists; InstanceDeployFailure when the engine refuses.
   * @throws NotImplementedError when the driver has no implementation: the orchestrator then destroys and spawns.
   * Nova: `ComputeDriver.rebuild`.
   */
  rebuild(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options?: RebuildOptions,
  ): Promise<void>;

  /**
   * Stops the container and removes it with its interfaces and files. A missing instance is logged as a warning, and is
   * not an error.
   *
   * @throws InstancePowerOffFailure when it may still run, because the engine cannot be reached or does not stop it:
   * its addresses stay reserved.
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
   * Removes the interfaces and files of an instance whose container is gone. Idempotent.
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
   * Stops the instance and keeps it for {@link restore}. For a missing instance this is a no-op.
   *
   * @throws InstancePowerOffFailure when it does not stop.
   * @throws NotImplementedError when the driver has no implementation: the orchestrator then powers the instance off.
   * Nova: `ComputeDriver.soft_delete`.
   */
  soft_delete(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Starts a soft-deleted instance again, with the interfaces of its `info_cache`.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstancePowerOnFailure when it does not start.
   * @throws NotImplementedError when the driver has no implementation: the orchestrator then powers the instance on.
   * Nova: `ComputeDriver.restore`.
   */
  restore(instance: Instance, options?: VerbOptions): Promise<void>;

  /**
   * Stops the instance's container and keeps it, and runs a second one from `image_meta` that can access the first
   * one's files.
   *
   * @param network_info - the interfaces of both containers; null for the instance's present ones.
   * @throws InstanceNotRescuable when the instance cannot be rescued, for example because its files exceed the flavor's
   * disk or are nested too deep to be copied.
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
   * Removes the rescue container and starts the instance's own container again.
   *
   * @throws InstanceInvalidState when its files exceed the flavor's disk or are nested too deep to be copied. The
   * instance stays rescued, so that its user can remove such files.
   * Nova: `ComputeDriver.unrescue`.
   */
  unrescue(context: RequestContext, instance: Instance, options?: LongRunningOptions): Promise<void>;

  /**
   * Deletes the files of an instance without a container on this host.
   *
   * @returns whether all are deleted.
   * @throws what {@link destroy} throws: InstancePowerOffFailure, InstanceTerminationFailure.
   * Nova: `ComputeDriver.delete_instance_files`.
   */
  delete_instance_files(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Frees all other resources that a lingering instance holds on this host.
   *
   * @returns whether all are free.
   * Nova: `ComputeDriver.cleanup_lingering_instance_resources`.
   */
  cleanup_lingering_instance_resources(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Sets the administrator's password in a running instance.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws InstanceNotRunning when it does not run.
   * @throws SetAdminPasswdNotSupported when the image has no such account.
   * Nova: `ComputeDriver.set_admin_password`.
   */
  set_admin_password(instance: Instance, new_pass: string, options?: VerbOptions): Promise<void>;
}

import type {
  BlockDeviceInfo,
  CleanupOptions,
  DestroyOptions,
  ImageMeta,
  Instance,
  NetworkInfo,
  RebuildOptions,
  RequestContext,
  SpawnOptions,
  VerbOptions,
} from '../../interfaces/index.js';
import {
  InstanceDeployFailure,
  InstancePowerOffFailure,
  InstancePowerOnFailure,
  InstanceTerminationFailure,
  NotImplementedError,
  NovaException,
} from '../../interfaces/index.js';
import { setAdministratorPassword, stopContainerCleanly } from '../instances/index.js';
import { raceSignal } from '../streams/index.js';
import { destroy, powerOn, prepareRebuild, rebuild, spawn } from '../verbs/index.js';
import {
  connectedInstanceMustBeSound,
  handedOverMustBeSound,
  makingMustBeSound,
  networkInfoMustBeSound,
  optionsMustBeSound,
  passwordMustBeSound,
  soundInstance,
} from '../verbs/index.js';
import { DockerInventoryVerbs } from './inventory.js';
import { OrchestratorFailures } from './orchestrator-failures.js';

/** The verbs that create and remove instances. */
export abstract class DockerLifeCycleVerbs extends DockerInventoryVerbs {
  override async spawn(
    context: RequestContext,
    given: Instance,
    image_meta: ImageMeta,
    options: SpawnOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    makingMustBeSound(instance, image_meta, options);
    await this.computeHost.change(
      'spawn',
      instance,
      options,
      InstanceDeployFailure,
      async (node, signal, onProgress) => {
        await spawn(node, context, instance, image_meta, { ...options, signal, onProgress });
      },
    );
  }

  /**
   * The volumes are detached and attached before the rebuild holds the instance's lock: these callbacks may call other
   * verbs of the same instance.
   */
  override async rebuild(
    context: RequestContext,
    given: Instance,
    image_meta: ImageMeta,
    options: RebuildOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { evacuate = false } = options;
    if (options.preserve_ephemeral === true || options.reimage_boot_volume === true)
      throw new NotImplementedError(
        'A rebuild keeps no disks: what Nova then does by itself does not, either',
      );
    if ((options.accel_uuids ?? []).length > 0)
      throw new NotImplementedError('This driver knows nothing of accelerators');
    makingMustBeSound(instance, image_meta, options);
    handedOverMustBeSound(options);
    const block_device_info = await this.#handOverVolumes(context, instance, image_meta, options);
    await this.computeHost.change(
      'rebuild',
      instance,
      options,
      InstanceDeployFailure,
      async (node, signal, onProgress) => {
        const changes = { ...options, block_device_info, evacuate, signal, onProgress };
        await rebuild(node, context, instance, image_meta, changes);
      },
    );
  }

  async #handOverVolumes(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options: RebuildOptions,
  ): Promise<BlockDeviceInfo | null> {
    const { bdms = [], detach_block_devices: detach, attach_block_devices: attach, evacuate } = options;
    const given = options.block_device_info ?? null;
    if (detach === undefined && attach === undefined) return given;
    const losesVolumes =
      evacuate !== true && bdms.some(({ destination_type: destination }) => destination === 'volume');
    await this.computeHost.change(
      'rebuild',
      instance,
      options,
      InstanceDeployFailure,
      async (node, signal, onProgress) => {
        // `attach_block_devices` returns the disks later, so they cannot be validated yet.
        const disks = attach === undefined ? given : null;
        const beside = { ...options, block_device_info: disks, losesVolumes, signal, onProgress };
        await prepareRebuild(node, context, instance, image_meta, beside);
      },
    );
    // Without the instance's lock and without a timeout: these callbacks call verbs of the same instance.
    const failures = new OrchestratorFailures();
    return await failures.asThrown(() =>
      this.computeHost.ask('hand over the volumes of a rebuild', options, async (_node, signal) => {
        const wait = <T>(call: () => Promise<T>): Promise<T> =>
          failures.call(() => raceSignal(call(), signal));
        if (detach !== undefined) await wait(() => detach(context, bdms));
        return attach === undefined ? given : await wait(() => attach(context, instance, bdms));
      }),
    );
  }

  override async failed_spawn_cleanup(given: Instance, options: VerbOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    await this.computeHost.change(
      'clean up',
      instance,
      options,
      InstanceTerminationFailure,
      async (node, signal) => {
        await destroy(node, instance, { network_info: [], destroy_disks: true, destroy_vifs: true, signal });
      },
    );
  }

  override async destroy(
    _context: RequestContext,
    given: Instance,
    network_info: NetworkInfo,
    options: DestroyOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { destroy_disks = true } = options;
    networkInfoMustBeSound(network_info);
    await this.computeHost.change(
      'destroy',
      instance,
      options,
      InstanceTerminationFailure,
      async (node, signal) => {
        await destroy(node, instance, { network_info, destroy_disks, destroy_vifs: true, signal });
      },
    );
  }

  override async cleanup(
    _context: RequestContext,
    given: Instance,
    network_info: NetworkInfo,
    options: CleanupOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { destroy_disks = true, destroy_vifs = true } = options;
    networkInfoMustBeSound(network_info);
    await this.computeHost.change(
      'clean up',
      instance,
      options,
      InstanceTerminationFailure,
      async (node, signal) => {
        await destroy(node, instance, { network_info, destroy_disks, destroy_vifs, signal });
      },
    );
  }

  override async soft_delete(given: Instance, options: VerbOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    await this.computeHost.changeContainerIfThere(
      'soft-delete',
      instance,
      options,
      InstancePowerOffFailure,
      async (node, container, signal) => {
        await stopContainerCleanly(node, container, signal);
      },
    );
  }

  override async restore(given: Instance, options: VerbOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    connectedInstanceMustBeSound(instance);
    const network_info = instance.info_cache?.network_info;
    await this.computeHost.changeContainer(
      'restore',
      instance,
      options,
      InstancePowerOnFailure,
      async (node, container, signal) => {
        await powerOn(node, instance, container, network_info, signal);
      },
    );
  }

  override async set_admin_password(
    given: Instance,
    new_pass: string,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    passwordMustBeSound(new_pass);
    await this.computeHost.changeContainer(
      'set the password of',
      instance,
      options,
      NovaException,
      async ({ engine, logger }, container, signal) => {
        await setAdministratorPassword(engine, instance, container, new_pass, logger, signal);
      },
    );
  }
}

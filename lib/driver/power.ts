import type {
  ImageMeta,
  Instance,
  LongRunningOptions,
  NetworkInfo,
  PowerOffOptions,
  PowerOnOptions,
  RebootOptions,
  RebootType,
  RequestContext,
  RescueOptions,
  ResumeOptions,
  VerbOptions,
} from '../../interfaces/index.js';
import {
  InstanceNotRescuable,
  InstancePowerOffFailure,
  InstancePowerOnFailure,
  InstanceRebootFailure,
  InstanceResumeFailure,
  InstanceSuspendFailure,
  NovaException,
} from '../../interfaces/index.js';
import {
  pauseInstance,
  stopContainer,
  suspendInstance,
  triggerCrashDump,
  unpauseInstance,
} from '../instances/index.js';
import { powerOn, reboot, rebootIfStuck, rescue, resumeStateOnHostBoot, unrescue } from '../verbs/index.js';
import {
  connectedInstanceMustBeSound,
  connectedInstancesMustBeSound,
  makingMustBeSound,
  networkInfoMustBeSound,
  optionsMustBeSound,
  patienceMustBeSound,
  rebootTypeMustBeKnown,
  remakingMustBeSound,
  soundInstance,
  timeoutMustBeSound,
} from '../verbs/index.js';
import { DockerLifeCycleVerbs } from './life-cycle.js';

/** The verbs that start, stop, pause and rescue instances. */
export abstract class DockerPowerVerbs extends DockerLifeCycleVerbs {
  override async reboot(
    context: RequestContext,
    given: Instance,
    network_info: NetworkInfo | null,
    reboot_type: RebootType,
    options: RebootOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    rebootTypeMustBeKnown(reboot_type);
    optionsMustBeSound(options);
    remakingMustBeSound(instance, network_info, options.block_device_info);
    await this.computeHost.change(
      'reboot',
      instance,
      options,
      InstanceRebootFailure,
      async (node, signal) => {
        await reboot(node, context, instance, network_info, reboot_type, { ...options, signal });
      },
    );
  }

  override async poll_rebooting_instances(
    timeout: number,
    instances: readonly Instance[],
    options: VerbOptions = {},
  ): Promise<void> {
    timeoutMustBeSound(timeout);
    connectedInstancesMustBeSound(instances);
    optionsMustBeSound(options);
    const finishing = instances.map(soundInstance).map(async (instance) => {
      try {
        await this.computeHost.change(
          'reboot',
          instance,
          options,
          InstanceRebootFailure,
          async (node, signal) => {
            await rebootIfStuck(node, instance, timeout, signal);
          },
        );
      } catch (error) {
        options.signal?.throwIfAborted();
        // The other instances are still rebooted. Nova's next periodic task retries this one.
        const stuck = { instance: instance.uuid, seconds: timeout, error };
        this.computeHost.logger.error('a reboot that did not end could not be finished', stuck);
      }
    });
    await Promise.all(finishing);
  }

  override async power_on(
    _context: RequestContext,
    given: Instance,
    network_info: NetworkInfo | null,
    options: PowerOnOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    networkInfoMustBeSound(network_info);
    await this.computeHost.changeContainer(
      'power on',
      instance,
      options,
      InstancePowerOnFailure,
      async (node, container, signal) => {
        await powerOn(node, instance, container, network_info, signal);
      },
    );
  }

  override async power_off(given: Instance, options: PowerOffOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { timeout = 0, retry_interval = 0 } = options;
    patienceMustBeSound({ timeout, retry_interval });
    await this.computeHost.changeContainerIfThere(
      'power off',
      instance,
      options,
      InstancePowerOffFailure,
      async (node, { Id: container }, signal) => {
        await stopContainer(node, container, { timeout, retry_interval, signal });
        await node.serialConsoles?.close(instance.uuid);
      },
    );
  }

  override async pause(given: Instance, options: VerbOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    await this.computeHost.changeContainer(
      'pause',
      instance,
      options,
      NovaException,
      async ({ engine, states: notes }, container, signal) => {
        await pauseInstance(engine, notes, instance, container, signal);
      },
    );
  }

  override async unpause(given: Instance, options: VerbOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    await this.computeHost.changeContainer(
      'unpause',
      instance,
      options,
      NovaException,
      async ({ engine, states: notes }, container, signal) => {
        await unpauseInstance(engine, notes, instance, container, signal);
      },
    );
  }

  override async suspend(
    _context: RequestContext,
    given: Instance,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    await this.computeHost.changeContainer(
      'suspend',
      instance,
      options,
      InstanceSuspendFailure,
      async ({ engine, states: notes }, container, signal) => {
        await suspendInstance(engine, notes, instance, container, signal);
      },
    );
  }

  override async resume(
    _context: RequestContext,
    given: Instance,
    network_info: NetworkInfo | null,
    options: ResumeOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    networkInfoMustBeSound(network_info);
    await this.computeHost.changeContainer(
      'resume',
      instance,
      options,
      InstanceResumeFailure,
      async (node, container, signal) => {
        await powerOn(node, instance, container, network_info, signal);
      },
    );
  }

  override async resume_state_on_host_boot(
    context: RequestContext,
    given: Instance,
    network_info: NetworkInfo | null,
    options: ResumeOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    remakingMustBeSound(instance, network_info, options.block_device_info);
    await this.computeHost.change(
      'resume',
      instance,
      options,
      InstanceResumeFailure,
      async (node, signal) => {
        await resumeStateOnHostBoot(node, context, instance, network_info, { ...options, signal });
      },
    );
  }

  override async trigger_crash_dump(given: Instance, options: VerbOptions = {}): Promise<void> {
    const instance = soundInstance(given);
    await this.computeHost.changeContainer(
      'dump the memory of',
      instance,
      options,
      NovaException,
      async ({ engine }, container, signal) => {
        await triggerCrashDump(engine, instance, container, signal);
      },
    );
  }

  override async rescue(
    context: RequestContext,
    given: Instance,
    network_info: NetworkInfo | null,
    image_meta: ImageMeta,
    options: RescueOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    makingMustBeSound(instance, image_meta, { ...options, network_info });
    await this.computeHost.change(
      'rescue',
      instance,
      options,
      InstanceNotRescuable,
      async (node, signal, onProgress) => {
        await rescue(node, context, instance, network_info, image_meta, { ...options, signal, onProgress });
      },
    );
  }

  override async unrescue(
    _context: RequestContext,
    given: Instance,
    options: LongRunningOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    connectedInstanceMustBeSound(instance);
    await this.computeHost.change(
      'unrescue',
      instance,
      options,
      NovaException,
      async (node, signal, onProgress) => {
        await unrescue(node, instance, { signal, onProgress });
      },
    );
  }
}

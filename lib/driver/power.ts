import type {
  Instance,
  NetworkInfo,
  PowerOffOptions,
  PowerOnOptions,
  RebootOptions,
  RebootType,
  RequestContext,
  VerbOptions,
} from '../../interfaces/index.js';
import {
  InstancePowerOffFailure,
  InstancePowerOnFailure,
  InstanceRebootFailure,
  NovaException,
} from '../../interfaces/index.js';
import { pauseContainer, startContainer, stopContainer, unpauseContainer } from '../instances/index.js';
import { reboot } from '../verbs/index.js';
import { DockerLifeCycleVerbs } from './life-cycle.js';

/** The verbs that start, stop and freeze instances. */
export abstract class DockerPowerVerbs extends DockerLifeCycleVerbs {
  override async reboot(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    reboot_type: RebootType,
    options: RebootOptions = {},
  ): Promise<void> {
    await this.computeHost.changeContainer(
      'reboot',
      instance,
      options,
      InstanceRebootFailure,
      async (node, container) => {
        await reboot(node, instance, container, network_info, reboot_type, options.signal);
      },
    );
  }

  override async power_on(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    options: PowerOnOptions = {},
  ): Promise<void> {
    await this.computeHost.changeContainer(
      'power on',
      instance,
      options,
      InstancePowerOnFailure,
      async ({ engine, networks }, container) => {
        await networks.plug(container, network_info, options.signal);
        await startContainer(engine, container.Id);
      },
    );
  }

  override async power_off(instance: Instance, options: PowerOffOptions = {}): Promise<void> {
    const { timeout = 0, retry_interval = 0, signal } = options;
    await this.computeHost.changeContainerIfThere(
      'power off',
      instance,
      options,
      InstancePowerOffFailure,
      async ({ engine }, { Id: container }) => {
        await stopContainer(engine, container, { timeout, retry_interval, signal });
      },
    );
  }

  override async pause(instance: Instance, options: VerbOptions = {}): Promise<void> {
    await this.computeHost.changeContainer(
      'pause',
      instance,
      options,
      NovaException,
      async ({ engine }, { Id: container }) => {
        await pauseContainer(engine, container, options.signal);
      },
    );
  }

  override async unpause(instance: Instance, options: VerbOptions = {}): Promise<void> {
    await this.computeHost.changeContainer(
      'unpause',
      instance,
      options,
      NovaException,
      async ({ engine }, { Id: container }) => {
        await unpauseContainer(engine, container, options.signal);
      },
    );
  }
}

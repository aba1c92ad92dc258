import type { GetInfoOptions, Instance, InstanceInfo, VerbOptions } from '../../interfaces/index.js';
import { InstanceNotFound } from '../../interfaces/index.js';
import { instanceInfo, isSuspended, listInstances } from '../instances/index.js';
import { DockerHostVerbs } from './host.js';

/** The verbs that tell which instances there are and how they are. */
export abstract class DockerInventoryVerbs extends DockerHostVerbs {
  override async get_info(instance: Instance, options: GetInfoOptions = {}): Promise<InstanceInfo> {
    return await this.computeHost.look('look at', instance, options, async ({ notes }, container) =>
      instanceInfo(container, await isSuspended(notes, instance, container, options.signal)),
    );
  }

  override async instance_exists(instance: Instance, options: VerbOptions = {}): Promise<boolean> {
    return await this.get_info(instance, options).then(
      () => true,
      (error: unknown) => {
        if (error instanceof InstanceNotFound) return false;
        throw error;
      },
    );
  }

  override async list_instances(options: VerbOptions = {}): Promise<string[]> {
    const instances = await this.computeHost.ask('list the instances', options, ({ engine, host }) =>
      listInstances(engine, host, options.signal),
    );
    return instances.map(({ record }) => record.name);
  }

  override async list_instance_uuids(options: VerbOptions = {}): Promise<string[]> {
    const instances = await this.computeHost.ask('list the instances', options, ({ engine, host }) =>
      listInstances(engine, host, options.signal),
    );
    return instances.map(({ record }) => record.uuid);
  }
}

import type { GetInfoOptions, Instance, InstanceInfo, VerbOptions } from '../../interfaces/index.js';
import { InstanceNotFound } from '../../interfaces/index.js';
import {
  givenVcpus,
  instanceInfo,
  isSuspended,
  listInstances,
  measure,
  usageOf,
  wasStopRequested,
} from '../instances/index.js';
import { optionsMustBeSound, soundInstance } from '../verbs/index.js';
import { DockerHostVerbs } from './host.js';

/** The verbs that list instances and report their state. */
export abstract class DockerInventoryVerbs extends DockerHostVerbs {
  override async get_info(given: Instance, options: GetInfoOptions = {}): Promise<InstanceInfo> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { usage = false } = options;
    return await this.computeHost.look('look at', instance, options, async (node, container, signal) => {
      const info = instanceInfo(container, {
        isSuspended: await isSuspended(node.states, instance, container, signal),
        isStopped: await wasStopRequested(node.states, instance, container, signal),
        vcpus: await givenVcpus(node.states, instance, container, signal),
      });
      if (!usage || !container.State.Running) return info;
      const { cpuTime, memoryUsed } = usageOf(await measure(node.engine, container, signal));
      return { ...info, cpu_time_ns: cpuTime, mem_kb: Math.floor(memoryUsed / 1024) };
    });
  }

  override async instance_exists(given: Instance, options: VerbOptions = {}): Promise<boolean> {
    const instance = soundInstance(given);
    return await this.get_info(instance, options).then(
      () => true,
      (error: unknown) => {
        if (error instanceof InstanceNotFound) return false;
        throw error;
      },
    );
  }

  override async list_instances(options: VerbOptions = {}): Promise<string[]> {
    const instances = await this.computeHost.ask('list the instances', options, ({ engine, host }, signal) =>
      listInstances(engine, host, signal),
    );
    return instances.map(({ record }) => record.name);
  }

  override async list_instance_uuids(options: VerbOptions = {}): Promise<string[]> {
    const instances = await this.computeHost.ask('list the instances', options, ({ engine, host }, signal) =>
      listInstances(engine, host, signal),
    );
    return instances.map(({ record }) => record.uuid);
  }
}

import type { GetInfoOptions, InstanceInfo } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import {
  givenVcpus,
  instanceInfo,
  isSuspended,
  measure,
  usageOf,
  wasStopRequested,
} from '../../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from '../definition/index.js';

export const getInfo: Verb<OfInstance, GetInfoOptions, InstanceInfo> = {
  action: 'look up',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    const { instance, usage = false, signal } = given;
    const { engine, states } = node;
    const container = await containerOf(node, given);
    const info = instanceInfo(container, {
      isSuspended: await isSuspended(states, instance, container, signal),
      isStopped: await wasStopRequested(states, instance, container, signal),
      vcpus: await givenVcpus(states, instance, container, signal),
    });
    if (!usage || !container.State.Running) return info;
    const { cpuTime, memoryUsed } = usageOf(await measure(engine, container, signal));
    return { ...info, cpu_time_ns: cpuTime, mem_kb: Math.floor(memoryUsed / 1024) };
  },
};

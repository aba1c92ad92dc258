import type { GetInstanceDiskInfoOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { diskUsage } from '../../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from '../definition/index.js';

export const getInstanceDiskInfo: Verb<OfInstance, GetInstanceDiskInfoOptions, string> = {
  action: 'get the disk info of',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    const { Id: container } = await containerOf(node, given);
    return diskUsage(await node.engine.containers.inspect(container, { size: true, signal: given.signal }));
  },
};

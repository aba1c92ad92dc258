import type { PowerOffOptions } from '../../interfaces/index.js';
import { InstancePowerOffFailure } from '../../interfaces/index.js';
import { stopContainer } from '../instances/index.js';
import { containerIfAny, type OfInstance, schemas, type Verb } from './definition/index.js';

export const powerOff: Verb<OfInstance, PowerOffOptions, void> = {
  action: 'power off',
  lock: 'instance',
  failure: InstancePowerOffFailure,
  arguments: { instance: schemas.instance },
  options: schemas.stopOptions,
  run: async (node, given) => {
    const { instance, timeout = 0, retry_interval = 0, signal } = given;
    const container = await containerIfAny(node, 'power off', given);
    if (container === undefined) return;
    await stopContainer(node, container.Id, { timeout, retry_interval, signal });
    await node.serialConsoles?.close(instance.uuid);
  },
};

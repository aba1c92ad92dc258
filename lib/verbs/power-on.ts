import type { NetworkInfo, PowerOnOptions } from '../../interfaces/index.js';
import { InstancePowerOnFailure } from '../../interfaces/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from './definition/index.js';
import { ensureRunning } from './steps/index.js';

export type PowerOnSubjects = OfInstance & Readonly<Record<'network_info', NetworkInfo | null>>;

export const powerOn: Verb<PowerOnSubjects, PowerOnOptions, void> = {
  action: 'power on',
  lock: 'instance',
  failure: InstancePowerOnFailure,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async (node, given) => {
    await ensureRunning(
      node,
      given.instance,
      await containerOf(node, given),
      given.network_info,
      given.signal,
    );
  },
};

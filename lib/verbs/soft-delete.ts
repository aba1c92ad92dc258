import type { VerbOptions } from '../../interfaces/index.js';
import { InstancePowerOffFailure, InstancePowerOnFailure } from '../../interfaces/index.js';
import { stopContainerCleanly } from '../instances/index.js';
import { containerIfAny, containerOf, type OfInstance, schemas, type Verb } from './definition/index.js';
import { ensureRunning } from './steps/index.js';

export const softDelete: Verb<OfInstance, VerbOptions, void> = {
  action: 'soft-delete',
  lock: 'instance',
  failure: InstancePowerOffFailure,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    const container = await containerIfAny(node, 'soft-delete', given);
    if (container === undefined) return;
    await stopContainerCleanly(node, container, given.signal);
    await node.serialConsoles?.close(given.instance.uuid);
  },
};

/** Reverts a soft delete. */
export const restore: Verb<OfInstance, VerbOptions, void> = {
  action: 'restore',
  lock: 'instance',
  failure: InstancePowerOnFailure,
  arguments: { instance: schemas.connectedInstance },
  run: async (node, given) => {
    const { instance, signal } = given;
    const container = await containerOf(node, given);
    await ensureRunning(node, instance, container, instance.info_cache?.network_info, signal);
  },
};

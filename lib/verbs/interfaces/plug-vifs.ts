import type { NetworkInfo, VerbOptions } from '../../../interfaces/index.js';
import { NovaException, VirtualInterfaceCreateException } from '../../../interfaces/index.js';
import { findInstance } from '../../instances/index.js';
import { containerIfAny, type OfInstance, schemas, type Verb } from '../definition/index.js';

type Subjects = OfInstance & Readonly<Record<'network_info', NetworkInfo | null>>;

export const plugVifs: Verb<Subjects, VerbOptions, void> = {
  action: 'plug',
  lock: 'instance',
  failure: VirtualInterfaceCreateException,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async (node, given) => {
    const container = await containerIfAny(node, 'plug', given);
    if (container !== undefined) await node.networks.plug(container, given.network_info, given.signal);
  },
};

/** Also removes the networks of an instance without a container. */
export const unplugVifs: Verb<Subjects, VerbOptions, void> = {
  action: 'unplug',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async ({ engine, host, networks }, { instance, network_info, signal }) => {
    const container = await findInstance(engine, host, instance, signal);
    await networks.unplug(container, network_info, signal);
  },
};

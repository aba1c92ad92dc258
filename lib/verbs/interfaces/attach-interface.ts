import type { VerbOptions, VIF } from '../../../interfaces/index.js';
import { InterfaceAttachFailed, InterfaceDetachFailed } from '../../../interfaces/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from '../definition/index.js';

type Subjects = OfInstance & Readonly<Record<'vif', VIF>>;

export const attachInterface: Verb<Subjects, VerbOptions, void> = {
  action: 'attach an interface to',
  lock: 'instance',
  failure: InterfaceAttachFailed,
  arguments: { instance: schemas.instance, vif: schemas.vif },
  run: async (node, given) => {
    await node.networks.attach(await containerOf(node, given), given.vif, given.signal);
  },
};

export const detachInterface: Verb<Subjects, VerbOptions, void> = {
  action: 'detach an interface from',
  lock: 'instance',
  failure: InterfaceDetachFailed,
  arguments: { instance: schemas.instance, vif: schemas.vif },
  run: async (node, given) => {
    await node.networks.detach(await containerOf(node, given), given.vif, given.signal);
  },
};

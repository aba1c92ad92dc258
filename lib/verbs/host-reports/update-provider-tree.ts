import type { ProviderTree, UpdateProviderTreeOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { architectureTraits, inventories } from '../../host/index.js';
import { schemas, type Verb } from '../definition/index.js';
import { availableResource } from './get-available-resource.js';

type Subjects = Readonly<Record<'provider_tree', ProviderTree> & Record<'nodename', string>>;

export const updateProviderTree: Verb<Subjects, UpdateProviderTreeOptions, void> = {
  action: 'report the resources',
  lock: 'none',
  failure: NovaException,
  arguments: { provider_tree: schemas.providerTree, nodename: schemas.text },
  run: async (node, { provider_tree, nodename, signal }) => {
    const resources = await availableResource(node, nodename, signal);
    const known = provider_tree.data(nodename).inventory;
    provider_tree.update_inventory(nodename, inventories(resources, node.policy, known));
    const architecture = resources.supported_instances[0]?.[0] ?? '';
    provider_tree.add_traits(nodename, ...architectureTraits(architecture));
  },
};

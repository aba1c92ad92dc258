import type { GetAvailableNodesOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { namedUuid } from '../../common/index.js';
import type { ComputeNode, OfHost, Verb } from '../definition/index.js';

/** A host has one node, named like the host. */
export const getAvailableNodes: Verb<OfHost, GetAvailableNodesOptions, string[]> = {
  action: 'list the nodes',
  lock: 'none',
  failure: NovaException,
  arguments: {},
  run: ({ host }) => Promise.resolve([host]),
};

export const getNodenamesByUuid: Verb<OfHost, GetAvailableNodesOptions, Record<string, string>> = {
  action: 'list the nodes',
  lock: 'none',
  failure: NovaException,
  arguments: {},
  run: (node) => Promise.resolve({ [nodeUuid(node)]: node.host }),
};

/** The namespace of node ids that are derived from the host's name: a random uuid of this driver. */
const nodeNamespace = 'b1f7a4de-58b3-4a3c-9f41-0c3f5a6d2e97';

/** The id of the host's node. */
export function nodeUuid({ host, policy }: ComputeNode): string {
  return policy.nodeUuid ?? namedUuid(nodeNamespace, host);
}

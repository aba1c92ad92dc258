import type { HostResources, VerbOptions } from '../../../interfaces/index.js';
import { ComputeHostNotFound, NovaException } from '../../../interfaces/index.js';
import { hostResources } from '../../host/index.js';
import { flavorFigures, listInstances } from '../../instances/index.js';
import { type ComputeNode, schemas, type Verb } from '../definition/index.js';
import { nodeUuid } from './get-available-nodes.js';

export const getAvailableResource: Verb<Readonly<Record<'nodename', string>>, VerbOptions, HostResources> = {
  action: 'report the resources',
  lock: 'none',
  failure: NovaException,
  arguments: { nodename: schemas.text },
  run: (node, { nodename, signal }) => availableResource(node, nodename, signal),
};

/**
 * The resources of the host, and the part that its instances have.
 *
 * @throws ComputeHostNotFound when the host has no such node; NovaException when the disk size is unknown.
 */
export async function availableResource(
  node: ComputeNode,
  nodename: string,
  signal: AbortSignal,
): Promise<HostResources> {
  const { engine, host, isLocal, policy, states } = node;
  if (nodename !== host) throw new ComputeHostNotFound(`This driver's node is ${host}, not ${nodename}`);
  if (!isLocal && policy.localGb === undefined)
    throw new NovaException(
      "The disk of the engine's host is known only where it is this machine: set the driver's option localGb",
    );
  const instances = await listInstances(engine, host, signal);
  const resized = await states.list('flavor', signal);
  const used = instances.map((listed) => flavorFigures(listed, resized));
  return await hostResources(engine, { uuid: nodeUuid(node), name: host }, used, policy.localGb, signal);
}

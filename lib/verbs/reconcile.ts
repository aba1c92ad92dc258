import { instancePartName } from '../labels.js';
import type { ListedInstance } from '../instances/index.js';
import { isHalfMade, listContainersOfHost, part, removeContainer, settleParts } from '../instances/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Puts right what a crash left on the host: instances half made by a spawn or half removed by a destroy, containers put aside by a verb that did not
 * end, images under way, networks that nobody is in. Instances that are whole are taken over as they are. What it did it writes to the log.
 *
 * Only this host's containers, images and networks are looked at: drivers of other hosts on the same engine go on.
 */
export async function reconcile(node: ComputeNode, signal?: AbortSignal): Promise<void> {
  const { engine, host } = node;
  const containers = await listContainersOfHost(engine, host, signal);
  const removed = await removeUnfinished(node, containers, signal);
  const kept = containers.filter((listed) => !removed.includes(listed));
  const settled = await settleAside(node, kept, signal);
  const gone = uuidsOf(removed).filter((uuid) => !uuidsOf(kept).includes(uuid));
  for (const uuid of gone) await node.notes.forget(uuid);
  signal?.throwIfAborted();
  const images = await node.imageLoader.removeLeftovers();
  signal?.throwIfAborted();
  const networks = await node.networks.removeLeftovers();
  node.logger.info('reconciled the host with its engine', {
    host,
    adopted: uuidsOf(kept),
    removed: uuidsOf(removed),
    settled,
    images,
    networks,
  });
}

/** Removes what a spawn did not finish, and what a removal did not. */
async function removeUnfinished(
  { engine }: ComputeNode,
  containers: readonly ListedInstance[],
  signal: AbortSignal | undefined,
): Promise<ListedInstance[]> {
  const removed: ListedInstance[] = [];
  for (const listed of containers) {
    const { record, container } = listed;
    const halfRemoved = container.State === 'removing' || container.State === 'dead';
    const halfMade =
      container.State === 'created' &&
      isHalfMade(record, await engine.containers.inspect(container.Id, { signal }));
    if (!halfRemoved && !halfMade) continue;
    signal?.throwIfAborted();
    await removeContainer(engine, container.Id);
    removed.push(listed);
  }
  return removed;
}

/** Ends what a rescue, an unrescue or a rebuild left in the middle; where they have ended, it changes nothing. */
async function settleAside(
  { engine, host }: ComputeNode,
  containers: readonly ListedInstance[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const isAside = ({ record: { uuid }, container: { Names: names } }: ListedInstance): boolean =>
    Object.values(part).some((aside) => names.includes(`/${instancePartName(uuid, aside)}`));
  const uuids = uuidsOf(containers.filter(isAside));
  for (const uuid of uuids) {
    signal?.throwIfAborted();
    await settleParts(engine, host, { uuid });
  }
  return uuids;
}

function uuidsOf(containers: readonly ListedInstance[]): string[] {
  return [...new Set(containers.map(({ record }) => record.uuid))];
}

import { instancePartName } from '../labels.js';
import { isNotFound, isUnreachable } from '../engine/index.js';
import type { ListedInstance } from '../instances/index.js';
import {
  isHalfMade,
  listContainersOfHost,
  part,
  removeContainer,
  settleParts,
  wakeLeftStill,
} from '../instances/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Puts right what a crash left on the host: instances half made by a spawn or half removed by a destroy, containers put
 * aside by a verb that did not end, images under way, networks that nobody is in. Instances that are whole are taken
 * over as they are. What it did it writes to the log.
 *
 * Only this host's containers, images and networks are looked at: drivers of other hosts on the same engine go on. What
 * cannot be put right is logged, and stays for the next time: one container that an engine cannot remove must not keep
 * all the others without a driver.
 *
 * @throws what the engine fails with when it cannot be reached or cannot tell what it has; the signal's reason when
 * that aborts.
 */
export async function reconcile(node: ComputeNode, signal?: AbortSignal): Promise<void> {
  const { engine, host, logger, notes } = node;
  const containers = await listContainersOfHost(engine, host, signal);
  const repairs = new Repairs(node, signal);
  const removed = await removeUnfinished(node, containers, repairs, signal);
  const kept = containers.filter((listed) => !removed.includes(listed));
  await wakeAll(node, kept, repairs, signal);
  const settled = await settleAside(node, kept, repairs, signal);
  const gone = uuidsOf(removed).filter((uuid) => !uuidsOf(kept).includes(uuid));
  for (const uuid of gone) await repairs.try(uuid, () => notes.forget(uuid));
  signal?.throwIfAborted();
  const images = await node.imageLoader.removeLeftovers(signal);
  const networks = await node.networks.removeLeftovers(signal);
  logger.info('reconciled the host with its engine', {
    host,
    adopted: uuidsOf(kept).filter((uuid) => !repairs.failed.has(uuid)),
    removed: uuidsOf(removed),
    settled,
    unrepaired: [...repairs.failed],
    images,
    networks,
  });
}

/** What is tried for one instance after the other, whatever becomes of the one before. */
class Repairs {
  /** The uuids of instances that could not be put right. */
  readonly failed = new Set<string>();
  readonly #node: ComputeNode;
  readonly #signal: AbortSignal | undefined;

  constructor(node: ComputeNode, signal: AbortSignal | undefined) {
    this.#node = node;
    this.#signal = signal;
  }

  /**
   * @returns whether it was done; else it is in the log.
   * @throws EngineUnreachable, the signal's reason: nothing else could be done either.
   */
  async try(uuid: string, work: () => Promise<unknown>): Promise<boolean> {
    this.#signal?.throwIfAborted();
    try {
      await work();
      return true;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (isUnreachable(error)) throw error;
      this.failed.add(uuid);
      this.#node.logger.error('what a crash left of an instance cannot be put right, and stays', {
        instance: uuid,
        error,
      });
      return false;
    }
  }
}

/** Removes what a spawn did not finish, and what a removal did not. */
async function removeUnfinished(
  { engine }: ComputeNode,
  containers: readonly ListedInstance[],
  repairs: Repairs,
  signal: AbortSignal | undefined,
): Promise<ListedInstance[]> {
  const isUnfinished = async ({ record, container: { Id: id, State: state } }: ListedInstance) => {
    if (state === 'removing' || state === 'dead') return true;
    if (state !== 'created') return false;
    try {
      return isHalfMade(record, await engine.containers.inspect(id, { signal }));
    } catch (error) {
      // Gone since it was listed: what goes with it may go.
      if (isNotFound(error)) return true;
      throw error;
    }
  };
  const removed: ListedInstance[] = [];
  for (const listed of containers)
    await repairs.try(listed.record.uuid, async () => {
      if (!(await isUnfinished(listed))) return;
      signal?.throwIfAborted();
      await removeContainer(engine, listed.container.Id);
      removed.push(listed);
    });
  return removed;
}

/** Lets instances go on that a snapshot had stand still. */
async function wakeAll(
  { engine, notes }: ComputeNode,
  containers: readonly ListedInstance[],
  repairs: Repairs,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { record, container } of containers.filter(
    ({ container: { State: state } }) => state === 'paused',
  ))
    await repairs.try(record.uuid, () => wakeLeftStill(engine, notes, record.uuid, container.Id, signal));
}

/** Ends what a rescue, an unrescue or a rebuild left in the middle; where they have ended, it changes nothing. */
async function settleAside(
  { engine, host }: ComputeNode,
  containers: readonly ListedInstance[],
  repairs: Repairs,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const isAside = ({ record: { uuid }, container: { Names: names } }: ListedInstance): boolean =>
    Object.values(part).some((aside) => names.includes(`/${instancePartName(uuid, aside)}`));
  const settled: string[] = [];
  for (const uuid of uuidsOf(containers.filter(isAside)))
    if (await repairs.try(uuid, () => settleParts(engine, host, { uuid }, signal))) settled.push(uuid);
  return settled;
}

function uuidsOf(containers: readonly ListedInstance[]): string[] {
  return [...new Set(containers.map(({ record }) => record.uuid))];
}

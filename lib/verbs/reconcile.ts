import { instancePartName } from '../common/index.js';
import { isNotFound, isUnreachable } from '../engine/index.js';
import type { ListedInstance } from '../instances/index.js';
import {
  isHalfMade,
  listContainersOf,
  listContainersOfHost,
  part,
  removeContainer,
  settleParts,
  wakeLeftStill,
} from '../instances/index.js';
import { pause } from '../streams/index.js';
import type { ComputeNode } from './definition/index.js';

/** Runs work on an instance when no verb is at work on it. */
type InTurn = (uuid: string, work: () => Promise<void>) => Promise<void>;

/**
 * Seconds between two further looks, an hour in all. Most of what an engine still does for a client that was killed
 * takes seconds; the commit of a large container, minutes.
 */
const furtherLooks = [60, 120, 240, 480, 900, 1800];

/**
 * Puts right what a crash left on the host: instances half made by a spawn or half removed by a destroy, containers put
 * aside by a verb that did not end, notes of instances that are gone, images under way, networks that nobody is in.
 * Instances that are whole are taken over as they are. What it did it writes to the log.
 *
 * Only this host's containers, images and networks are looked at: drivers of other hosts on the same engine go on. What
 * cannot be put right is logged, and stays for the next time: one container that an engine cannot remove must not keep
 * all the others without a driver.
 *
 * @throws what the engine fails with when it cannot be reached or cannot tell what it has; the signal's reason when
 * that aborts.
 */
export async function reconcile(node: ComputeNode, signal?: AbortSignal): Promise<void> {
  const outcome = await repair(node, { inTurn: (_uuid, work) => work(), signal });
  node.logger.info('reconciled the host with its engine', { host: node.host, ...outcome });
}

/**
 * Looks again for what a crash left: an engine goes on working for a client that was killed, so a commit, a removal or
 * a container may come to its end after {@link reconcile} has looked. Ends after an hour, or when the signal aborts.
 * What fails is logged, and left to the next look.
 *
 * @param inTurn - keeps what verbs have under way from being taken for left over.
 * @param since - milliseconds since 1970: when the host began to serve; images named later are under way.
 * @param waits - seconds between the looks.
 */
export async function reconcileAgain(
  node: ComputeNode,
  inTurn: InTurn,
  since: number,
  signal: AbortSignal,
  waits: readonly number[] = furtherLooks,
): Promise<void> {
  const { host, logger } = node;
  for (const seconds of waits) {
    await pause(seconds * 1000, signal);
    try {
      const { removed, images, networks } = await repair(node, { inTurn, before: since, signal });
      if (removed.length + images.length + networks.length > 0)
        logger.info('removed what an engine made after init_host', { host, removed, images, networks });
    } catch (error) {
      signal.throwIfAborted();
      logger.warn('could not look for what a crash left', { host, error });
    }
  }
}

/** How a host is put right. */
interface RepairOptions {
  readonly inTurn: InTurn;
  /** See {@link ImageLoader.removeLeftovers}. */
  readonly before?: number;
  readonly signal: AbortSignal | undefined;
}

/** What became of it: uuids, and names of images and networks. */
type RepairOutcome = Readonly<
  Record<'adopted' | 'removed' | 'settled' | 'unrepaired' | 'images' | 'networks', readonly string[]>
>;

async function repair(node: ComputeNode, { inTurn, before, signal }: RepairOptions): Promise<RepairOutcome> {
  const { engine, host, states: notes } = node;
  const containers = await listContainersOfHost(engine, host, signal);
  const repairs = new Repairs(node, inTurn, signal);
  const removed = await removeUnfinished(node, containers, repairs, signal);
  const kept = containers.filter((listed) => !removed.includes(listed));
  await wakeAll(node, kept, repairs, signal);
  const settled = await settleAside(node, kept, repairs, signal);
  const isGone = (uuid: string): boolean => !uuidsOf(kept).includes(uuid);
  for (const uuid of [...(await notes.noted(signal))].filter(isGone))
    await repairs.try(uuid, async () => {
      const left = await listContainersOf(engine, host, { uuid }, signal);
      if (left.length === 0) await notes.forget(uuid);
    });
  signal?.throwIfAborted();
  const images = await node.imageLoader.removeLeftovers(signal, before);
  const networks = await node.networks.removeLeftovers(signal);
  return {
    adopted: uuidsOf(kept).filter((uuid) => !repairs.failed.has(uuid)),
    removed: uuidsOf(removed),
    settled,
    unrepaired: [...repairs.failed],
    images,
    networks,
  };
}

/** What is tried for one instance after the other, whatever becomes of the one before. */
class Repairs {
  /** The uuids of instances that could not be put right. */
  readonly failed = new Set<string>();
  readonly #node: ComputeNode;
  readonly #inTurn: InTurn;
  readonly #signal: AbortSignal | undefined;

  constructor(node: ComputeNode, inTurn: InTurn, signal: AbortSignal | undefined) {
    this.#node = node;
    this.#inTurn = inTurn;
    this.#signal = signal;
  }

  /**
   * @returns whether it was done; else it is in the log.
   * @throws EngineUnreachable, the signal's reason: nothing else could be done either.
   */
  async try(uuid: string, work: () => Promise<void>): Promise<boolean> {
    this.#signal?.throwIfAborted();
    try {
      await this.#inTurn(uuid, work);
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
  const mayBeUnfinished = ({ container: { State: state } }: ListedInstance): boolean =>
    state === 'removing' || state === 'dead' || state === 'created';
  const isUnfinished = async ({ record, container: { Id: id, State: state } }: ListedInstance) => {
    if (state !== 'created') return true;
    try {
      return isHalfMade(record, await engine.containers.inspect(id, { signal }));
    } catch (error) {
      // Gone since it was listed: what goes with it may go.
      if (isNotFound(error)) return true;
      throw error;
    }
  };
  const removed: ListedInstance[] = [];
  for (const listed of containers.filter(mayBeUnfinished))
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
  { engine, states: notes }: ComputeNode,
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
    await repairs.try(uuid, async () => {
      await settleParts(engine, host, { uuid }, signal);
      settled.push(uuid);
    });
  return settled;
}

function uuidsOf(containers: readonly ListedInstance[]): string[] {
  return [...new Set(containers.map(({ record }) => record.uuid))];
}

import { instancePartName } from '../common/index.js';
import type { ContainerId } from '../engine/index.js';
import { isUnreachable, undefinedIfNotFound } from '../engine/index.js';
import type { ListedInstance } from '../instances/index.js';
import {
  asideSuffix,
  endLeftSnapshotPause,
  isOfSnapshotPause,
  isUnfinished,
  listContainersOf,
  listContainersOfHost,
  removeContainer,
  settleSwap,
} from '../instances/index.js';
import { sleep } from '../streams/index.js';
import type { ComputeNode } from './definition/index.js';

/** Runs work on an instance while holding its lock, so that no verb works on it meanwhile. */
type WithLock = (uuid: string, work: () => Promise<void>) => Promise<void>;

/**
 * Seconds between the further passes, an hour in all. Most work that an engine continues for a killed client takes
 * seconds; the commit of a large container takes minutes.
 */
const furtherLooks = [60, 120, 240, 480, 900, 1800];

/**
 * `init_host`: repairs what a crash left on the host: instances half created by a spawn or half removed by a destroy,
 * containers set aside by an unfinished verb, stored state of instances that are gone, images in transfer, networks
 * without containers. Complete instances are adopted unchanged. The outcome is logged.
 *
 * Only containers, images and networks of this host are touched: drivers of other hosts may share the engine. Failures
 * are logged and left to the next run: a container that cannot be removed must not stop `init_host`.
 *
 * @throws what the engine fails with when it cannot be reached or cannot list what it has; the signal's reason when the
 * signal aborts.
 */
export async function reconcile(node: ComputeNode, signal?: AbortSignal): Promise<void> {
  const { outcome } = await repair(node, { withLock: (_uuid, work) => work(), signal });
  node.logger.info('reconciled the host with its engine', { host: node.host, ...outcome });
}

/**
 * Repeats {@link reconcile} several times within an hour: an engine continues to work for a killed client, so a commit,
 * a removal or a creation may finish only after the first pass. Failures are logged and left to the next pass. Ends
 * early when the signal aborts.
 *
 * Another process may serve this host, such as the one that this process replaces. So a container that was never
 * started or was set aside, and the pause of a snapshot, are repaired only if two passes see them unchanged.
 *
 * @param withLock - holds an instance's lock, so that the work of a running verb is not taken for a leftover.
 * @param since - when the host began to serve, in milliseconds since 1970; images named later belong to running verbs.
 * @param waits - seconds before each pass.
 */
export async function reconcileAgain(
  node: ComputeNode,
  withLock: WithLock,
  since: number,
  signal: AbortSignal,
  waits: readonly number[] = furtherLooks,
): Promise<void> {
  const { host, logger } = node;
  let seen: Sighting = { created: new Set(), aside: new Map(), snapshotPauses: new Map() };
  for (const seconds of waits) {
    await sleep(seconds * 1000, signal);
    try {
      const { outcome, sighting } = await repair(node, { withLock, seen, before: since, signal });
      seen = sighting;
      const { removed, images, networks } = outcome;
      if (removed.length + images.length + networks.length > 0)
        logger.info('removed leftovers that the engine created after init_host', {
          host,
          removed,
          images,
          networks,
        });
    } catch (error) {
      signal.throwIfAborted();
      logger.warn('could not search for the leftovers of a crash', { host, error });
    }
  }
}

/** Options of `repair`. */
interface RepairOptions {
  readonly withLock: WithLock;
  /** See {@link ImageLoader.removeLeftovers}. */
  readonly before?: number;
  /** Only what is still as in this sighting is repaired. Default: all that a crash may have left. */
  readonly seen?: Sighting;
  readonly signal: AbortSignal | undefined;
}

/** What a pass saw that is either left by a crash or the work of another process. */
interface Sighting {
  /** The containers that were never started. */
  readonly created: ReadonlySet<ContainerId>;
  /** By uuid, the containers of each instance of which one is set aside. */
  readonly aside: ReadonlyMap<string, string>;
  /** By uuid, the state of each pause of a snapshot. */
  readonly snapshotPauses: ReadonlyMap<string, string>;
}

/** The uuids of instances, and the names of images and networks, by outcome. */
type RepairOutcome = Readonly<
  Record<'adopted' | 'removed' | 'settled' | 'unrepaired' | 'images' | 'networks', readonly string[]>
>;

async function repair(
  node: ComputeNode,
  { withLock, before, seen, signal }: RepairOptions,
): Promise<{ readonly outcome: RepairOutcome; readonly sighting: Sighting }> {
  const { engine, host, states } = node;
  const containers = await listContainersOfHost(engine, host, signal);
  const stored = await states.all(signal);
  const sighting = sightingOf(containers, stored);
  const left = seen ?? sighting;
  const repairs = new Repairs(node, withLock, signal);
  const removed = await removeUnfinished(node, containers, repairs, left.created, signal);
  const kept = containers.filter((listed) => !removed.includes(listed));
  const settled = await settleAside(node, unchanged(sighting.aside, left.aside), repairs, signal);
  const snapshotPauses = unchanged(sighting.snapshotPauses, left.snapshotPauses);
  await endSnapshotPauses(node, kept, snapshotPauses, repairs, signal);
  const isGone = (uuid: string): boolean => !uuidsOf(kept).includes(uuid);
  for (const uuid of [...new Set(stored.map(({ uuid: of }) => of))].filter(isGone))
    await repairs.try(uuid, async () => {
      const own = await listContainersOf(engine, host, { uuid }, signal);
      if (own.length === 0) await states.forget(uuid);
    });
  signal?.throwIfAborted();
  const images = await node.imageLoader.removeLeftovers(signal, before);
  const networks = await node.networks.removeLeftovers(signal);
  const outcome = {
    adopted: uuidsOf(kept).filter((uuid) => !repairs.failed.has(uuid)),
    removed: uuidsOf(removed),
    settled,
    unrepaired: [...repairs.failed],
    images,
    networks,
  };
  return { outcome, sighting };
}

function sightingOf(
  containers: readonly ListedInstance[],
  stored: Awaited<ReturnType<ComputeNode['states']['all']>>,
): Sighting {
  const containersOf = (uuid: string): string =>
    containers
      .filter(({ record }) => record.uuid === uuid)
      .map(({ container: { Id: id, Names: names } }) => `${id} ${names.join(' ')}`)
      .sort()
      .join('\n');
  return {
    created: new Set(containers.filter(isCreated).map(({ container: { Id: id } }) => id)),
    aside: new Map(uuidsOf(containers.filter(isAside)).map((uuid) => [uuid, containersOf(uuid)])),
    snapshotPauses: new Map(
      stored
        .filter(({ values }) => isOfSnapshotPause(values))
        .map(({ uuid, values }) => [uuid, JSON.stringify(Object.entries(values).sort())]),
    ),
  };
}

const isAside = ({ record: { uuid }, container: { Names: names } }: ListedInstance): boolean =>
  Object.values(asideSuffix).some((aside) => names.includes(`/${instancePartName(uuid, aside)}`));

/** The uuids of what two sightings have in common. */
const unchanged = (now: ReadonlyMap<string, string>, then: ReadonlyMap<string, string>): string[] =>
  [...now.keys()].filter((uuid) => now.get(uuid) === then.get(uuid));

const isCreated = ({ container: { State: state } }: ListedInstance): boolean => state === 'created';

/** Runs a repair for each instance. A failed repair does not stop the others. */
class Repairs {
  /** The uuids of instances that could not be repaired. */
  readonly failed = new Set<string>();
  readonly #node: ComputeNode;
  readonly #withLock: WithLock;
  readonly #signal: AbortSignal | undefined;

  constructor(node: ComputeNode, withLock: WithLock, signal: AbortSignal | undefined) {
    this.#node = node;
    this.#withLock = withLock;
    this.#signal = signal;
  }

  /**
   * @returns whether the work succeeded; a failure is logged.
   * @throws EngineUnreachable, or the signal's reason: no other repair could succeed either.
   */
  async try(uuid: string, work: () => Promise<void>): Promise<boolean> {
    this.#signal?.throwIfAborted();
    try {
      await this.#withLock(uuid, work);
      return true;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (isUnreachable(error)) throw error;
      this.failed.add(uuid);
      this.#node.logger.error('could not recover an instance after a crash', {
        instance: uuid,
        error,
      });
      return false;
    }
  }
}

/** Removes containers that a spawn did not finish, or whose removal did not finish. */
async function removeUnfinished(
  { engine }: ComputeNode,
  containers: readonly ListedInstance[],
  repairs: Repairs,
  created: ReadonlySet<ContainerId>,
  signal: AbortSignal | undefined,
): Promise<ListedInstance[]> {
  const mayBeLeftover = ({ container: { Id: id, State: state } }: ListedInstance): boolean =>
    state === 'removing' || state === 'dead' || created.has(id);
  const isLeftover = async ({ container: { Id: id, State: state } }: ListedInstance): Promise<boolean> => {
    if (state !== 'created') return true;
    const found = await undefinedIfNotFound(engine.containers.inspect(id, { signal }));
    // If it was removed after it was listed, the rest of the instance may be removed too.
    return found === undefined || isUnfinished(found);
  };
  const removed: ListedInstance[] = [];
  for (const listed of containers.filter(mayBeLeftover))
    await repairs.try(listed.record.uuid, async () => {
      if (!(await isLeftover(listed))) return;
      signal?.throwIfAborted();
      await removeContainer(engine, listed.container.Id);
      removed.push(listed);
    });
  return removed;
}

/** Unfreezes instances that an interrupted snapshot left paused, and removes the records of such pauses. */
async function endSnapshotPauses(
  { engine, states }: ComputeNode,
  containers: readonly ListedInstance[],
  uuids: readonly string[],
  repairs: Repairs,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const uuid of uuids) {
    const own = containers
      .filter(({ record }) => record.uuid === uuid)
      .map(({ container: { Id: id } }) => id);
    if (own.length > 0)
      await repairs.try(uuid, () => endLeftSnapshotPause(engine, states, uuid, own, signal));
  }
}

/** Completes or rolls back an interrupted rescue, unrescue or rebuild. Changes nothing where none was interrupted. */
async function settleAside(
  { engine, host }: ComputeNode,
  uuids: readonly string[],
  repairs: Repairs,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const settled: string[] = [];
  for (const uuid of uuids)
    await repairs.try(uuid, async () => {
      await settleSwap(engine, host, { uuid }, signal);
      settled.push(uuid);
    });
  return settled;
}

function uuidsOf(containers: readonly ListedInstance[]): string[] {
  return [...new Set(containers.map(({ record }) => record.uuid))];
}

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Flavor, Instance } from '../../../interfaces/index.js';
import { label } from '../../common/index.js';
import type { ContainerInspect, Engine, ResourceLimits } from '../../engine/index.js';
import type { ListedInstance } from '../lookup/index.js';
import {
  arePlainLimits,
  changeableLimits,
  changedDiskRates,
  changesDiskRates,
  type FlavorFigures,
  flavorFiguresOf,
  flavorLabels,
  type ResourcePolicy,
} from '../specification/index.js';
import type { InstanceStateStore } from './instance-state-store.js';

/** Older versions of the driver did not store them. */
const rates = z.array(z.object({ Path: z.string(), Rate: z.number() })).optional();

/** The limits of a container that the engine can change, as the state store has them. */
const limitsSchema = z.object({
  Memory: z.number(),
  MemorySwap: z.number(),
  CpuShares: z.number(),
  CpuPeriod: z.number(),
  CpuQuota: z.number(),
  CpusetCpus: z.string(),
  PidsLimit: z.number().nullish(),
  BlkioDeviceReadBps: rates,
  BlkioDeviceWriteBps: rates,
  BlkioDeviceReadIOps: rates,
  BlkioDeviceWriteIOps: rates,
});

/**
 * Whether a resize to another flavor changes only limits that the engine can update. Pinned processors are not among
 * them: an engine can change the pinning but not remove it. Disk rates are since API 1.55.
 */
export async function canResizeInPlace(
  engine: Engine,
  instance: Instance,
  flavor: Flavor,
  container: ContainerInspect,
  policy: ResourcePolicy,
  signal?: AbortSignal,
): Promise<boolean> {
  const areRatesFixed = !changesDiskRates(await engine.negotiate({ signal }), policy);
  const isDiskLimited = 'size' in container.HostConfig.StorageOpt;
  const fixed = ({ extra_specs = {}, ephemeral_gb = 0, root_gb }: Flavor): unknown[] => [
    extra_specs['docker:privileged'] === 'true',
    (extra_specs['hw:cpu_policy'] ?? 'shared') === 'shared',
    ...Object.entries(extra_specs)
      .filter(([name, value]) => areRatesFixed && name.startsWith('quota:disk_') && Number(value) !== 0)
      .sort(),
    ephemeral_gb,
    isDiskLimited ? root_gb : 0,
  ];
  return isDeepStrictEqual(fixed(instance.flavor), fixed(flavor));
}

/**
 * Sets the limits of the instance's flavor on its container. It stores the previous limits until {@link forgetResize}
 * or {@link undoResize}. Idempotent. The signal counts for reads and between changes.
 *
 * @throws what {@link changeableLimits} throws; the signal's reason when it aborts.
 */
export async function resizeInPlace(
  engine: Engine,
  states: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  policy: ResourcePolicy,
  signal?: AbortSignal,
): Promise<void> {
  const { uuid, flavor } = instance;
  const hasRates = changesDiskRates(await engine.negotiate({ signal }), policy);
  const limits = {
    ...changeableLimits(instance, policy),
    ...(hasRates ? changedDiskRates(flavor, policy) : {}),
  };
  const about = { [label.resizedContainer]: container.Id };
  const before = await states.read(uuid, 'resize', signal);
  if (before?.[label.resizedContainer] !== container.Id) {
    const given = await states.read(uuid, 'flavor', signal);
    await states.write(uuid, 'resize', {
      ...about,
      [label.limitsBefore]: JSON.stringify(limitsSchema.parse(container.HostConfig)),
      ...flavorLabels(figuresOf(container.Config.Labels, container.Id, given)),
    });
  }
  signal?.throwIfAborted();
  await engine.containers.update(container.Id, { limits });
  await states.write(uuid, 'flavor', { ...about, ...flavorLabels(flavor) });
}

/**
 * Rolls back {@link resizeInPlace}; no-op if this container was not resized or the resize is confirmed. The signal
 * counts as there.
 */
export async function undoResize(
  engine: Engine,
  states: InstanceStateStore,
  { uuid }: Instance,
  { Id: container }: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  const before = await states.read(uuid, 'resize', signal);
  if (before?.[label.resizedContainer] !== container) return;
  signal?.throwIfAborted();
  const stored = limitsSchema.parse(JSON.parse(before[label.limitsBefore] ?? ''));
  await engine.containers.update(container, { limits: onlySet(stored) });
  await states.write(uuid, 'flavor', {
    [label.resizedContainer]: container,
    ...flavorLabels(flavorFiguresOf(before)),
  });
  await states.remove(uuid, 'resize');
}

/** Stored limits without those that are unset, which an update must leave as they are. */
function onlySet({
  PidsLimit: pids,
  BlkioDeviceReadBps: readBps,
  BlkioDeviceWriteBps: writeBps,
  BlkioDeviceReadIOps: readIOps,
  BlkioDeviceWriteIOps: writeIOps,
  ...limits
}: z.output<typeof limitsSchema>): ResourceLimits {
  return {
    ...limits,
    ...(pids === null || pids === undefined ? {} : { PidsLimit: pids }),
    ...(readBps === undefined ? {} : { BlkioDeviceReadBps: readBps }),
    ...(writeBps === undefined ? {} : { BlkioDeviceWriteBps: writeBps }),
    ...(readIOps === undefined ? {} : { BlkioDeviceReadIOps: readIOps }),
    ...(writeIOps === undefined ? {} : { BlkioDeviceWriteIOps: writeIOps }),
  };
}

/** Confirms a resize: it can no longer be rolled back. */
export async function forgetResize(states: InstanceStateStore, { uuid }: Instance): Promise<void> {
  await states.remove(uuid, 'resize');
}

/** Whether a container was resized in place and the resize is not confirmed yet. */
export async function isResizePending(
  states: InstanceStateStore,
  { uuid }: Instance,
  { Id: container }: Pick<ContainerInspect, 'Id'>,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await states.read(uuid, 'resize', signal))?.[label.resizedContainer] === container;
}

/**
 * The current flavor of an instance: its labels date from the container's creation, and it may have been resized since.
 *
 * @param flavors - the records of kind `flavor`, by the instance's uuid, see `InstanceStateStore.list`.
 */
export function flavorFigures(
  { record, container }: ListedInstance,
  flavors: ReadonlyMap<string, Readonly<Record<string, string>>>,
): FlavorFigures {
  return figuresOf(container.Labels, container.Id, flavors.get(record.uuid));
}

/**
 * The current number of an instance's virtual CPUs. It reads the record only if the labels do not explain the
 * container's limits, so most instances cost no request.
 */
export async function givenVcpus(
  states: InstanceStateStore,
  { uuid }: Instance,
  { Id: id, Config: { Labels: labels }, HostConfig: limits }: ContainerInspect,
  signal?: AbortSignal,
): Promise<number> {
  const labelled = flavorFiguresOf(labels);
  const stored = arePlainLimits(limits, labelled) ? undefined : await states.read(uuid, 'flavor', signal);
  const { vcpus } = figuresOf(labels, id, stored);
  return Number.isSafeInteger(vcpus) ? vcpus : 0;
}

function figuresOf(
  labels: Readonly<Record<string, string>>,
  container: string,
  stored: Readonly<Record<string, string>> | undefined,
): FlavorFigures {
  return flavorFiguresOf(stored?.[label.resizedContainer] === container ? stored : labels);
}

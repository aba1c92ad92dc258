import type {
  Flavor,
  Instance,
  LongRunningOptions,
  MigrateDiskOptions,
  NetworkInfo,
} from '../../../interfaces/index.js';
import {
  InstanceFaultRollback,
  InstanceNotFound,
  MigrationError,
  MigrationPreCheckError,
  ResizeError,
} from '../../../interfaces/index.js';
import type { ContainerInspect, Engine, ImageId } from '../../engine/index.js';
import {
  bootReference,
  removeInstanceImages,
  transferFileSystem,
  volumesThatMove,
} from '../../images/index.js';
import {
  canResizeInPlace,
  configDriveFolder,
  findInstance,
  findKeptContainer,
  inspectInstance,
  keepContainer,
  validateContainerKeepable,
  validateLimits,
  toNovaException,
  restoreKeptContainer,
  stopForReplacement,
} from '../../instances/index.js';
import { GiB, label } from '../../common/index.js';
import { type ComputeNode, type OfInstance, schemas, type Verb } from '../definition/index.js';
import { getHostIpAddr } from '../host-reports/index.js';
import type { CopyBounds } from '../steps/index.js';
import {
  connectAndStart,
  copyBounds,
  orchestratorAnswer,
  Rollback,
  validateFilesCopyable,
} from '../steps/index.js';
import { handoverText } from './handover.js';

type Subjects = OfInstance &
  Readonly<Record<'dest', string> & Record<'flavor', Flavor> & Record<'network_info', NetworkInfo>>;

export const migrateDiskAndPowerOff: Verb<Subjects, MigrateDiskOptions, string> = {
  action: 'migrate',
  lock: 'instance',
  failure: MigrationError,
  arguments: {
    instance: schemas.bootableInstance,
    dest: schemas.hostAddress,
    flavor: schemas.flavor,
    network_info: schemas.networkInfo,
  },
  options: schemas.stopOptions,
  run: async (node, given) => {
    const { instance, timeout = 0, retry_interval = 0 } = given;
    const disk_info = await migrate(node, instance, { ...given, timeout, retry_interval });
    await node.serialConsoles?.close(instance.uuid);
    return disk_info;
  },
};

/** Where an instance moves, and with which flavor. */
interface Departure extends LongRunningOptions {
  /** The address of the destination host. */
  readonly dest: string;
  /** The flavor on the destination host. */
  readonly flavor: Flavor;
  readonly network_info: NetworkInfo;
  /** How long the instance gets to stop by itself, in seconds. */
  readonly timeout: number;
  /** Seconds between two requests to stop. */
  readonly retry_interval: number;
}

/** What is known before anything is changed. */
interface Plan {
  readonly container: ContainerInspect;
  /**
   * The engine that gets the instance's files. Undefined if the container stays and only its limits change. Unless it
   * is this host's own engine, this verb closes its client.
   */
  readonly destination: Engine | undefined;
  readonly bounds: CopyBounds;
}

/** Like Nova's drivers, the destination host creates the config drive anew, without the password of the old one. */
const leftBehind = [configDriveFolder];

/**
 * Stops an instance and transfers its files to the destination engine as an image. Its container is set aside
 * unchanged. If only limits change on this host, the container stays in place.
 *
 * @returns the `disk_info` for `finishMigration`.
 * @throws InstanceFaultRollback when the instance is as it was: nothing was done yet, or all was rolled back. Its
 * `inner_exception` is the failure.
 * @throws InstanceNotFound when the instance is not on this host.
 */
async function migrate(node: ComputeNode, instance: Instance, departure: Departure): Promise<string> {
  const plan = await prepareDeparture(node, instance, departure).catch((error: unknown) => {
    departure.signal?.throwIfAborted();
    const failure = toNovaException(error, 'migrate', instance, MigrationPreCheckError);
    throw failure instanceof InstanceNotFound ? failure : new InstanceFaultRollback(failure);
  });
  try {
    return await leave(node, instance, plan, departure);
  } finally {
    if (plan.destination !== node.engine) plan.destination?.close();
  }
}

/**
 * Validates all that can be validated while the instance runs. It restores the container that an earlier, unfinished
 * attempt set aside.
 */
async function prepareDeparture(
  node: ComputeNode,
  instance: Instance,
  { dest, flavor, signal }: Departure,
): Promise<Plan> {
  const isHere = dest === (await getHostIpAddr(node));
  const container = await takeBackOrFind(node, instance, signal);
  validateLimits({ ...instance, flavor }, node.policy);
  await validateDiskFits(node, instance, flavor, container, signal);
  await validateContainerKeepable(node.engine, node.host, instance, signal);
  const bounds = await copyBounds(node, instance, flavor, container.Image, signal);
  if (isHere && (await canResizeInPlace(node.engine, instance, flavor, container, node.policy, signal)))
    return { container, destination: undefined, bounds };
  const volumes = volumesThatMove(container, leftBehind);
  const copy = { kind: 'layer', volumes, maxVolumeBytes: bounds.maxVolumeBytes } as const;
  const copied = { container: container.Id, maxBytes: bounds.maxBytes, copy, signal };
  await validateFilesCopyable(node, instance, copied, ResizeError);
  return { container, destination: isHere ? node.engine : await connected(node, dest, signal), bounds };
}

/** Finds the instance's container, or restores the one that an earlier, unfinished attempt set aside. */
async function takeBackOrFind(
  { engine, host }: ComputeNode,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<ContainerInspect> {
  const found = await findInstance(engine, host, instance, signal);
  if (found !== undefined) return found;
  const kept = await findKeptContainer(engine, host, instance, signal);
  if (kept !== undefined) await restoreKeptContainer(engine, instance, kept);
  return await inspectInstance(engine, host, instance, signal);
}

/** @throws ResizeError when the instance's files exceed the smaller disk of the new flavor. */
async function validateDiskFits(
  { engine }: ComputeNode,
  instance: Instance,
  { root_gb }: Flavor,
  { Id: container }: ContainerInspect,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isSmaller = root_gb > 0 && (instance.flavor.root_gb === 0 || root_gb < instance.flavor.root_gb);
  if (!isSmaller) return;
  const { SizeRootFs: bytes = 0 } = await engine.containers.inspect(container, { size: true, signal });
  if (bytes > root_gb * GiB)
    throw new ResizeError(
      `The instance has ${bytes} bytes on its disk: more than the ${root_gb} GiB of the new flavor`,
    );
}

/**
 * @throws MigrationPreCheckError when the destination engine is unknown, does not answer, or has another architecture.
 */
async function connected(node: ComputeNode, dest: string, signal: AbortSignal | undefined): Promise<Engine> {
  const here = await node.engine.negotiate({ signal });
  const destination = await orchestratorAnswer('migrationEngine', signal, () => node.migrationEngine(dest));
  if (destination === undefined)
    throw new MigrationPreCheckError(
      `The driver does not know how to reach the engine of host ${dest}: set its option migrationEngine`,
    );
  try {
    const there = await destination.negotiate({ signal });
    if (here.architecture === there.architecture) return destination;
    const what = `runs ${there.architecture}, and the instance ${here.architecture}`;
    throw new MigrationPreCheckError(`The engine of host ${dest} ${what}`);
  } catch (error) {
    destination.close();
    if (error instanceof MigrationPreCheckError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new MigrationPreCheckError(`The engine of host ${dest} cannot be used: ${why}`, { cause: error });
  }
}

async function leave(
  node: ComputeNode,
  instance: Instance,
  { container, destination, bounds }: Plan,
  departure: Departure,
): Promise<string> {
  const { engine, host, logger } = node;
  const { signal, onProgress } = departure;
  const bootImage = container.Config.Labels[label.imageId] ?? '';
  let image: ImageId | undefined;
  // Apart from the restore, which must not wait for the destination's engine.
  await using sent = new Rollback(node, instance.uuid);
  const restore = new Rollback(node, instance.uuid);
  try {
    restore.pushRestore('the departure of the instance', () => comeBack(node, instance, container));
    await stopForReplacement(node, container.Id, departure);
    if (destination === undefined) return handoverText({ kind: 'in place' });
    sent.push("the transfer of the instance's files", () =>
      removeInstanceImages(destination, instance.uuid, image === undefined ? [] : [image]),
    );
    // Remove what an earlier, unfinished attempt left there.
    await removeInstanceImages(destination, instance.uuid);
    image = await transferFileSystem({
      source: engine,
      destination,
      container,
      uuid: instance.uuid,
      ...bounds,
      leftBehind,
      boot: bootImage === '' ? undefined : bootReference(bootImage),
      host,
      logger,
      signal,
      onProgress,
    });
    await keepContainer(engine, host, instance, container);
    signal?.throwIfAborted();
    sent.complete();
    return handoverText({ kind: 'image', image });
  } catch (error) {
    const isBack = await restore.undo();
    signal?.throwIfAborted();
    const failure = toNovaException(error, 'migrate', instance, MigrationError);
    throw isBack ? new InstanceFaultRollback(failure) : failure;
  }
}

/**
 * Makes the container the instance again, and starts it if it ran before. It stays in its current networks, whatever
 * Nova records of its interfaces by now.
 */
async function comeBack(node: ComputeNode, instance: Instance, container: ContainerInspect): Promise<void> {
  const { engine, host } = node;
  const kept = await findKeptContainer(engine, host, instance);
  if (kept?.Id === container.Id) await restoreKeptContainer(engine, instance, kept);
  if (container.State.Running) await connectAndStart(node, container, undefined);
}

import type { Flavor, Instance, LongRunningOptions, NetworkInfo } from '../../../interfaces/index.js';
import {
  InstanceFaultRollback,
  MigrationError,
  MigrationPreCheckError,
  ResizeError,
} from '../../../interfaces/index.js';
import type { ContainerInspect, Engine, ImageId } from '../../engine/index.js';
import { bootReference, removeInstanceImages, transferFileSystem } from '../../images/index.js';
import {
  canResizeInPlace,
  configDriveFolder,
  findInstance,
  findKeptContainer,
  inspectInstance,
  keepContainer,
  novaException,
  restoreKeptContainer,
  startContainer,
  stopContainer,
} from '../../instances/index.js';
import { label } from '../../labels.js';
import type { ComputeNode } from '../compute-node.js';
import { handoverText } from './handover.js';

/** Where an instance goes, and as what. */
export interface Departure extends LongRunningOptions {
  /** The address of the host where it arrives. */
  readonly dest: string;
  /** That host is this one. */
  readonly isHere: boolean;
  /** The flavor that it gets there. */
  readonly flavor: Flavor;
  readonly network_info: NetworkInfo;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly retry_interval: number;
}

/**
 * Stops an instance and takes its files to the engine where it is to go on, as an image. Its container is put aside as it is. Where only limits change, on this very host,
 * it stays where it is.
 *
 * @returns what `finishMigration` needs to know.
 * @throws InstanceFaultRollback when the instance is again as it was; what has failed is in it.
 */
export async function migrateDiskAndPowerOff(
  node: ComputeNode,
  instance: Instance,
  departure: Departure,
): Promise<string> {
  const { dest, isHere, flavor, signal } = departure;
  const container = await takeBackOrFind(node, instance, signal);
  await diskMustFit(node, instance, flavor, container);
  if (isHere && canResizeInPlace(instance, flavor, container)) {
    await stopContainer(node.engine, container.Id, departure);
    return handoverText({ kind: 'in place' });
  }
  const destination = isHere ? node.engine : await connected(node, dest, signal);
  try {
    return await moveAway(node, instance, container, destination, departure);
  } finally {
    if (!isHere) destination.close();
  }
}

/** The instance's container; one that an earlier attempt put aside, and that nobody came to fetch, is taken back. */
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

/** @throws InstanceFaultRollback when the instance has more on its disk than a smaller one could hold. */
async function diskMustFit(
  { engine }: ComputeNode,
  instance: Instance,
  { root_gb }: Flavor,
  { Id: container }: ContainerInspect,
): Promise<void> {
  const isSmaller = root_gb > 0 && (instance.flavor.root_gb === 0 || root_gb < instance.flavor.root_gb);
  if (!isSmaller) return;
  const { SizeRootFs: bytes = 0 } = await engine.containers.inspect(container, { size: true });
  if (bytes > root_gb * 1024 ** 3)
    throw rollback(
      new ResizeError(
        `The instance has ${bytes} bytes on its disk: more than the ${root_gb} GiB of the new flavor`,
      ),
    );
}

/** @throws InstanceFaultRollback when the other engine is not known, does not answer, or cannot run what this one runs. */
async function connected(node: ComputeNode, dest: string, signal: AbortSignal | undefined): Promise<Engine> {
  const destination = await node.migrationEngine(dest);
  if (destination === undefined)
    throw rollback(
      new MigrationPreCheckError(
        `The driver was not told how to reach the engine of host ${dest}: set its option migrationEngine`,
      ),
    );
  try {
    const [here, there] = [await node.engine.negotiate({ signal }), await destination.negotiate({ signal })];
    if (here.architecture === there.architecture) return destination;
    const what = `runs ${there.architecture}, and the instance ${here.architecture}`;
    throw new MigrationPreCheckError(`The engine of host ${dest} ${what}`);
  } catch (error) {
    destination.close();
    signal?.throwIfAborted();
    if (error instanceof MigrationPreCheckError) throw rollback(error);
    const why = error instanceof Error ? error.message : String(error);
    throw rollback(
      new MigrationPreCheckError(`The engine of host ${dest} cannot be used: ${why}`, { cause: error }),
    );
  }
}

async function moveAway(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  destination: Engine,
  departure: Departure,
): Promise<string> {
  const { engine, host, logger } = node;
  const { signal, onProgress } = departure;
  const bootImage = container.Config.Labels[label.imageId] ?? '';
  let image: ImageId | undefined;
  try {
    await stopContainer(engine, container.Id, departure);
    // What an attempt that nobody finished has left there.
    await removeInstanceImages(destination, instance.uuid);
    image = await transferFileSystem({
      source: engine,
      destination,
      container,
      uuid: instance.uuid,
      // Nova's drivers make config drives anew where an instance arrives, without the password that was in them.
      leftBehind: [configDriveFolder],
      boot: bootImage === '' ? undefined : bootReference(bootImage),
      host,
      logger,
      signal,
      onProgress,
    });
    await keepContainer(engine, host, instance, container);
    signal?.throwIfAborted();
    return handoverText({ kind: 'image', image });
  } catch (error) {
    const isBack = await comeBack(node, instance, container, destination, image, departure);
    if (!isBack || signal?.aborted === true) throw error;
    throw rollback(novaException(error, 'migrate', instance, MigrationError));
  }
}

/** Undoes all that was done. @returns whether the instance is as it was. */
async function comeBack(
  { engine, host, networks, logger }: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  destination: Engine,
  image: ImageId | undefined,
  { network_info }: Departure,
): Promise<boolean> {
  await removeInstanceImages(destination, instance.uuid, image === undefined ? [] : [image]).catch(
    (error: unknown) => {
      logger.error("what came of the instance's files could not be removed where it was to go", {
        instance: instance.uuid,
        error,
      });
    },
  );
  try {
    const kept = await findKeptContainer(engine, host, instance);
    if (kept?.Id === container.Id) await restoreKeptContainer(engine, instance, kept);
    if (!container.State.Running) return true;
    await networks.plug(container, network_info);
    await networks.startIn(container.Id, network_info, () => startContainer(engine, container));
    return true;
  } catch (error) {
    logger.error('the instance could not be started again where it was', { instance: instance.uuid, error });
    return false;
  }
}

function rollback(inner: ConstructorParameters<typeof InstanceFaultRollback>[0]): InstanceFaultRollback {
  return new InstanceFaultRollback(inner);
}

import { randomBytes } from 'node:crypto';
import type {
  BlockDeviceInfo,
  ImageMeta,
  Instance,
  LongRunningOptions,
  NetworkInfo,
} from '../../../interfaces/index.js';
import { InstanceExists, MigrationError } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect, ImageId, MountSpecification } from '../../engine/index.js';
import { isNotFound } from '../../engine/index.js';
import { instanceReference } from '../../images/index.js';
import type { SpawnAttempt } from '../../instances/index.js';
import {
  adoptName,
  blockDeviceMounts,
  configDriveFiles,
  configDriveMounts,
  containerName,
  containerPartName,
  containerSpecification,
  createContainer,
  discardAttempt,
  findInstance,
  inspectInstance,
  instanceFiles,
  instanceRecord,
  isHalfMade,
  resizeInPlace,
  spawning,
  startContainer,
  Undo,
  undoResize,
  withMounts,
  writeFiles,
} from '../../instances/index.js';
import { takeTurn } from '../../streams/index.js';
import type { ComputeNode } from '../compute-node.js';
import { parseDiskInfo } from './disk-info.js';

/** How an instance arrives. */
export interface Arrival extends LongRunningOptions {
  /** What `migrateDiskAndPowerOff` answered. */
  readonly disk_info: string | null;
  readonly network_info: NetworkInfo;
  readonly image_meta: ImageMeta;
  readonly block_device_info?: BlockDeviceInfo | null;
  readonly power_on: boolean;
}

/** Makes an instance go on, with the flavor that it now has: in its old container, or in a new one that has its files. May be repeated. */
export async function finishMigration(
  node: ComputeNode,
  instance: Instance,
  arrival: Arrival,
): Promise<void> {
  const info = parseDiskInfo(arrival.disk_info);
  if (info.kind === 'in place') {
    const container = await inspectInstance(node.engine, node.host, instance, arrival.signal);
    await resize(node, instance, container, arrival);
    return;
  }
  const arrived = await findInstance(node.engine, node.host, instance, arrival.signal);
  if (arrived === undefined || isLeftHalfMade(arrived)) await arrive(node, instance, info.image, arrival);
  else if (arrived.Image === info.image) await connectAndStart(node, arrived, arrival);
  else throw new InstanceExists(`Instance ${instance.uuid} is here already, with other files`);
}

async function resize(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  arrival: Arrival,
): Promise<void> {
  const { engine, notes, policy } = node;
  try {
    await resizeInPlace(engine, notes, instance, container, policy);
    await connectAndStart(node, container, arrival);
  } catch (error) {
    const undo = new Undo(node.logger);
    undo.push('its new limits', () => undoResize(engine, notes, instance, container));
    await undo.run();
    throw error;
  }
}

async function connectAndStart(
  { engine, networks }: ComputeNode,
  container: ContainerInspect,
  { network_info, power_on, signal }: Arrival,
): Promise<void> {
  await networks.plug(container, network_info, signal);
  if (power_on) await networks.startIn(container.Id, network_info, () => startContainer(engine, container));
}

function isLeftHalfMade(container: ContainerInspect): boolean {
  const record = instanceRecord(container.Config.Labels);
  return record !== undefined && isHalfMade(record, container);
}

/** Makes the instance's container of the image that its files have become. The image stays when that fails, for another attempt. */
async function arrive(
  node: ComputeNode,
  instance: Instance,
  image: ImageId,
  arrival: Arrival,
): Promise<void> {
  const { network_info, image_meta, block_device_info, power_on, signal, onProgress } = arrival;
  const { engine, networks, logger } = node;
  const reference = instanceReference(instance.uuid);
  await mustHaveArrived(node, instance, image, signal);
  const disks = await blockDeviceMounts(node, instance, block_device_info, signal);
  const drive = configDriveFiles(instance, image_meta, { network_info }, node.policy);
  // All else that a spawn writes came with the instance's files; user data is on the drive, too.
  const files = instanceFiles({ ...instance, key_data: null }, [], undefined, drive);
  const attempt: SpawnAttempt = { host: node.host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
  const name = containerName(instance.uuid);
  const first = power_on ? name : containerPartName(instance.uuid, spawning);
  const undo = new Undo(logger);
  try {
    const wiring = await networks.prepare(network_info, signal);
    undo.push('its networks', () => networks.abandon(wiring));
    const specification = withMounts(
      containerSpecification(
        instance,
        { meta: image_meta, reference },
        networks.specification(wiring),
        attempt,
        node.policy,
      ),
      [...disks.map(filledFromImage), ...configDriveMounts(drive, node.host, instance)],
    );
    let creationFailure: unknown;
    undo.push('its container', () => discardAttempt(engine, [name, first], attempt, creationFailure));
    await takeTurn(node.launches, signal, async () => {
      let container: ContainerId;
      try {
        container = await node.rootDisks.create(instance.flavor, specification, (sized) =>
          createContainer(engine, first, instance, sized, attempt),
        );
      } catch (error) {
        creationFailure = error;
        throw error;
      }
      await networks.connectFurther(container, wiring);
      if (drive.length > 0) await writeFiles(engine, container, files, logger);
      signal?.throwIfAborted();
      onProgress?.({ phase: 'starting', bytes: 0 });
      if (power_on) await networks.startIn(container, network_info, () => startContainer(engine, container));
      else await adoptName(engine, container, name, instance);
      signal?.throwIfAborted();
    });
    networks.keep(wiring);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** What was on an ephemeral disk came in its place in the image: the engine fills the new one with it. */
function filledFromImage(mount: MountSpecification): MountSpecification {
  if (mount.Source !== undefined) return mount;
  return { ...mount, VolumeOptions: { ...mount.VolumeOptions, NoCopy: false } };
}

/** @throws MigrationError when the engine has not what was sent to it. */
async function mustHaveArrived(
  { engine }: ComputeNode,
  { uuid }: Instance,
  image: ImageId,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await engine.images.inspect(instanceReference(uuid), { signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (found?.Id !== image)
    throw new MigrationError(`The files of instance ${uuid} that were sent as image ${image} are not here`);
}

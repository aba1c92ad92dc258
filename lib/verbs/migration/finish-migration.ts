import type {
  BlockDeviceInfo,
  FinishMigrationOptions,
  ImageMeta,
  Instance,
  LongRunningOptions,
  NetworkInfo,
} from '../../../interfaces/index.js';
import { InstanceExists, MigrationError } from '../../../interfaces/index.js';
import type { ContainerInspect, ImageId, MountSpecification } from '../../engine/index.js';
import { undefinedIfNotFound } from '../../engine/index.js';
import { instanceReference } from '../../images/index.js';
import {
  blockDeviceMounts,
  configDriveFiles,
  configDriveMounts,
  containerSpecification,
  findInstance,
  inspectInstance,
  instanceFiles,
  isUnfinished,
  resizeInPlace,
  undoResize,
  withMounts,
} from '../../instances/index.js';
import { type ComputeNode, type OfInstance, schemas, type Verb } from '../definition/index.js';
import type { ContainerPlan } from '../steps/index.js';
import {
  continueAfterMove,
  createInstance,
  newAttempt,
  prepareNetworks,
  prepareReconnection,
  Rollback,
} from '../steps/index.js';
import { parseHandover } from './handover.js';

type Subjects = OfInstance &
  Readonly<
    Record<'disk_info', string | null> & Record<'network_info', NetworkInfo> & Record<'image_meta', ImageMeta>
  >;

export const finishMigration: Verb<Subjects, FinishMigrationOptions, void> = {
  action: 'finish the migration of',
  lock: 'instance',
  failure: MigrationError,
  arguments: {
    instance: schemas.bootableInstance,
    disk_info: schemas.optionalText,
    network_info: schemas.networkInfo,
    image_meta: schemas.imageMeta,
  },
  options: { block_device_info: schemas.blockDeviceInfo },
  run: async (node, given) => {
    const { instance, power_on = true } = given;
    await finish(node, instance, { ...given, power_on });
  },
};

/** How an instance arrives on its destination host. */
interface Arrival extends LongRunningOptions {
  /** The answer of `migrateDiskAndPowerOff`. */
  readonly disk_info: string | null;
  readonly network_info: NetworkInfo;
  readonly image_meta: ImageMeta;
  readonly block_device_info?: BlockDeviceInfo | null;
  readonly power_on: boolean;
}

/** Continues an instance with its new flavor: in its old container, or in a new one that has its files. Idempotent. */
async function finish(node: ComputeNode, instance: Instance, arrival: Arrival): Promise<void> {
  const info = parseHandover(arrival.disk_info);
  if (info.kind === 'in place') {
    const container = await inspectInstance(node.engine, node.host, instance, arrival.signal);
    await resize(node, instance, container, arrival);
    return;
  }
  const arrived = await findInstance(node.engine, node.host, instance, arrival.signal);
  if (arrived === undefined || isUnfinished(arrived)) await arrive(node, instance, info.image, arrival);
  else if (arrived.Image === info.image) await resume(node, instance, arrived, arrival);
  else throw new InstanceExists(`Instance ${instance.uuid} exists on this host already, with other files`);
}

async function resize(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  arrival: Arrival,
): Promise<void> {
  const { engine, states, policy } = node;
  const { network_info, signal } = arrival;
  await using rollback = new Rollback(node, instance.uuid);
  await using networkRollback = new Rollback(node, instance.uuid);
  const reconnection = await prepareReconnection(node, container, network_info, networkRollback, signal);
  rollback.push('the change of its limits', () => undoResize(engine, states, instance, container));
  await resizeInPlace(engine, states, instance, container, policy, signal);
  await continueAfterMove(node, container, reconnection, arrival);
  networkRollback.complete();
  rollback.complete();
  await reconnection.keep();
}

/** Continues an instance that has arrived before. */
async function resume(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  arrival: Arrival,
): Promise<void> {
  const { network_info, signal } = arrival;
  await using rollback = new Rollback(node, instance.uuid);
  const reconnection = await prepareReconnection(node, container, network_info, rollback, signal);
  await continueAfterMove(node, container, reconnection, arrival);
  rollback.complete();
  await reconnection.keep();
}

/** Creates the instance's container from the image of its files. On failure the image is kept for a retry. */
async function arrive(
  node: ComputeNode,
  instance: Instance,
  image: ImageId,
  arrival: Arrival,
): Promise<void> {
  const { network_info, image_meta, block_device_info, power_on, signal, onProgress } = arrival;
  const reference = instanceReference(instance.uuid);
  await validateImageArrived(node, instance, image, signal);
  const disks = await blockDeviceMounts(node, instance, block_device_info, signal);
  const drive = configDriveFiles(instance, image_meta, { network_info }, node.policy);
  const mounts = [...disks.map(filledFromImage), ...configDriveMounts(drive, node.host, instance)];
  // The image already has everything else that a spawn writes. The config drive includes the user data.
  const files = instanceFiles({ ...instance, key_data: null }, [], undefined, drive);
  const attempt = newAttempt(node.host, power_on);
  const own = { meta: image_meta, reference };
  const plan: ContainerPlan = {
    instance,
    network_info,
    power_on,
    attempt,
    specification: withMounts(containerSpecification(instance, own, attempt, node.policy), mounts),
    sized: true,
    ...(drive.length > 0 ? { files } : {}),
    signal,
    onProgress,
  };
  await using rollback = new Rollback(node, instance.uuid);
  const wiring = await prepareNetworks(node, plan, rollback);
  await createInstance(node, plan, { image: undefined, wiring }, rollback);
  rollback.complete();
}

/**
 * The image has the former content of an ephemeral disk at the disk's path: the engine copies it to the new, empty
 * disk.
 */
function filledFromImage(mount: MountSpecification): MountSpecification {
  if (mount.Source !== undefined) return mount;
  return { ...mount, VolumeOptions: { ...mount.VolumeOptions, NoCopy: false } };
}

/** @throws MigrationError when the engine does not have the image that the source host sent. */
async function validateImageArrived(
  { engine }: ComputeNode,
  { uuid }: Instance,
  image: ImageId,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await undefinedIfNotFound(engine.images.inspect(instanceReference(uuid), { signal }));
  if (found?.Id !== image)
    throw new MigrationError(
      `The files of instance ${uuid}, sent as image ${image}, are not in the engine of this host`,
    );
}

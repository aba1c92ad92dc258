import type {
  ImageMeta,
  Instance,
  NetworkInfo,
  RequestContext,
  RescueOptions,
} from '../../interfaces/index.js';
import { InstanceNotRescuable } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { bootReference, copyFileSystem } from '../images/index.js';
import {
  asideSuffix,
  configDriveFiles,
  configDriveMounts,
  containerSpecification,
  validateImageFits,
  instanceFiles,
  instanceNotFound,
  makeRescuedFolder,
  mountedPaths,
  rescuedFolder,
  rescuedMounts,
  rescueLabels,
  settleSwap,
  stopForReplacement,
  withMounts,
} from '../instances/index.js';
import { interfacesOf } from '../network/index.js';
import type { BootSubjects, ComputeNode, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';
import type { ContainerPlan } from './steps/index.js';
import {
  connectAndStart,
  copyBounds,
  validateCopyReachable,
  createBeside,
  validateFilesCopyable,
  holdImage,
  launchError,
  newAttempt,
  prepareNetworks,
  restoreOnRollback,
  Rollback,
  swapIn,
} from './steps/index.js';

export const rescue: Verb<
  BootSubjects & Readonly<Record<'network_info', NetworkInfo | null>>,
  RescueOptions,
  void
> = {
  action: 'rescue',
  lock: 'instance',
  failure: InstanceNotRescuable,
  arguments: {
    context: schemas.unread,
    instance: schemas.bootableInstance,
    network_info: schemas.networkInfo,
    image_meta: schemas.imageMeta,
  },
  options: { rescue_password: schemas.optionalText, block_device_info: schemas.blockDeviceInfo },
  run: (node, given) =>
    rescueInstance(node, given.context, given.instance, given.network_info, given.image_meta, given),
};

/**
 * Replaces an instance for a while by a rescue container: one from a rescue image, with the instance's name, host name,
 * interfaces and key. Below `/rescued` it has a copy of the instance's files, to be read and changed, and the
 * instance's volumes themselves. The original container is set aside unchanged until `unrescue`.
 *
 * The instance keeps running until the rescue container is created. Then it is stopped at once, as by Nova's libvirt
 * driver: Nova has already stopped it cleanly. A failure is rolled back. Idempotent.
 *
 * @throws InstanceNotFound when there is no such instance; InstanceNotRescuable when the rescue image already has a
 * `/rescued`, or when the instance's files are too large or nested too deep to be copied.
 * @throws what spawn throws about images, interfaces and flavors.
 */
export async function rescueInstance(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  network_info: NetworkInfo | null,
  image_meta: ImageMeta,
  options: RescueOptions,
): Promise<void> {
  const { engine, host } = node;
  const { current, rescued } = await settleSwap(engine, host, instance, options.signal);
  if (current === undefined) throw instanceNotFound(instance);
  if (rescued === undefined) {
    const interfaces = network_info ?? (await interfacesOf(engine, current, options.signal));
    const request = { context, instance, original: current, network_info: interfaces, image_meta, options };
    await startRescueContainer(node, request);
  } else await connectAndStart(node, current, network_info, options.signal);
}

/** An instance to rescue. */
interface RescueRequest {
  readonly context: RequestContext;
  readonly instance: Instance;
  /** The instance's container, which is set aside. */
  readonly original: ContainerInspect;
  readonly network_info: NetworkInfo;
  /** The rescue image. */
  readonly image_meta: ImageMeta;
  readonly options: RescueOptions;
}

async function startRescueContainer(node: ComputeNode, request: RescueRequest): Promise<void> {
  const { engine } = node;
  const { instance, original, network_info, options } = request;
  const { signal, onProgress } = options;
  const { maxBytes } = await copyBounds(node, instance, instance.flavor, original.Image, signal);
  const plan = rescuePlan(node, request, maxBytes);
  const excludedPaths = mountedPaths(original);
  const copy = { kind: 'into a folder', folder: rescuedFolder, excludedPaths } as const;
  const copied = { container: original.Id, maxBytes, copy, signal };
  await validateFilesCopyable(node, instance, copied, InstanceNotRescuable);
  const replaced = { instance, old: original, aside: asideSuffix.rescued, network_info, signal, onProgress };
  await using rollback = new Rollback(node, instance.uuid);
  await restoreOnRollback(node, replaced, rollback);
  const image = await holdImage(node, plan, rollback);
  const wiring = await prepareNetworks(node, plan, rollback);
  const container = await createBeside(node, plan, { image, wiring }, rollback);
  try {
    await makeRescuedFolder(engine, container, signal);
    await stopForReplacement(node, original.Id, { timeout: 0, retry_interval: 0, signal });
    await copyFileSystem({
      engine,
      from: original.Id,
      to: container,
      folder: rescuedFolder,
      excludedPaths,
      maxBytes,
      signal,
      onProgress,
    });
    await validateCopyReachable(node, instance, container, InstanceNotRescuable, signal);
    await swapIn(node, container, replaced);
  } catch (error) {
    throw await launchError(node, plan, container, error);
  }
  rollback.complete();
}

/**
 * Plans the rescue container.
 *
 * @param maxCopyBytes - what the copy of the instance's files may take of its root disk, besides its own files.
 * @throws what spawn throws about images and flavors.
 */
function rescuePlan(
  { host, policy }: ComputeNode,
  { context, instance, original, network_info, image_meta, options }: RescueRequest,
  maxCopyBytes: number,
): ContainerPlan {
  const { rescue_password, signal, onProgress } = options;
  validateImageFits(image_meta, instance.flavor);
  const given = { admin_password: rescue_password ?? null, network_info };
  const drive = configDriveFiles(instance, image_meta, given, policy);
  const mounts = [...rescuedMounts(original), ...configDriveMounts(drive, host, instance)];
  const image = { meta: image_meta, reference: bootReference(image_meta.id) };
  const attempt = newAttempt(host, false);
  const bare = containerSpecification(instance, image, attempt, policy);
  const labels = { ...bare.Labels, ...rescueLabels(original, network_info) };
  return {
    instance,
    network_info,
    power_on: false,
    boot: { context, image_id: image_meta.id },
    attempt,
    specification: withMounts({ ...bare, Labels: labels }, mounts),
    sized: true,
    extraDiskBytes: maxCopyBytes,
    files: instanceFiles(instance, [], rescue_password, drive),
    signal,
    onProgress,
  };
}

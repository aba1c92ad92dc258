import type {
  Instance,
  NetworkInfo,
  RebootOptions,
  RebootType,
  RequestContext,
  ResumeOptions,
  VerbOptions,
} from '../../interfaces/index.js';
import {
  InstanceNotFound,
  InstanceRebootFailure,
  InstanceResumeFailure,
  reboot_type as rebootTypes,
} from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import {
  cleanly,
  containerName,
  containerPartName,
  findInstance,
  isUnfinished,
  listContainersOf,
  settleSwap,
  removeSuspension,
  spawning,
  stopForReplacement,
} from '../instances/index.js';
import type { ComputeNode, OfInstance, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';
import {
  imageOfInstance,
  prepareReconnection,
  reconnectAndStart,
  Rollback,
  startAgain,
} from './steps/index.js';
import { spawnInstance } from './spawn.js';

type Subjects = OfInstance &
  Readonly<Record<'context', RequestContext> & Record<'network_info', NetworkInfo | null>>;

export const reboot: Verb<Subjects & Readonly<Record<'reboot_type', RebootType>>, RebootOptions, void> = {
  action: 'reboot',
  lock: 'instance',
  failure: InstanceRebootFailure,
  arguments: {
    context: schemas.unread,
    instance: schemas.bootableInstance,
    network_info: schemas.networkInfo,
    reboot_type: schemas.rebootType,
  },
  options: { block_device_info: schemas.blockDeviceInfo },
  run: async (node, given) => {
    await rebootInstance(node, given.context, given.instance, given.network_info, given.reboot_type, given);
  },
};

/** Starts an instance that does not run. One that is frozen with its memory stays as it is. */
export const resumeStateOnHostBoot: Verb<Subjects, ResumeOptions, void> = {
  action: 'resume',
  lock: 'instance',
  failure: InstanceResumeFailure,
  arguments: {
    context: schemas.unread,
    instance: schemas.bootableInstance,
    network_info: schemas.networkInfo,
  },
  options: { block_device_info: schemas.blockDeviceInfo },
  run: async (node, given) => {
    const { context, instance, network_info, signal } = given;
    const container = await findInstance(node.engine, node.host, instance, signal);
    if (container?.State.Running === true) return;
    await rebootInstance(node, context, instance, network_info, rebootTypes.HARD, given);
  },
};

/** One instance of Nova's `poll_rebooting_instances`. */
export const pollRebootingInstance: Verb<
  Readonly<Record<'timeout', number>> & OfInstance,
  VerbOptions,
  void
> = {
  action: 'reboot',
  lock: 'instance',
  failure: InstanceRebootFailure,
  arguments: { timeout: schemas.amount, instance: schemas.connectedInstance },
  run: (node, { instance, timeout, signal }) => rebootIfStuck(node, instance, timeout, signal),
};

/**
 * Reboots an instance from any state. Afterwards it runs and is connected to its networks.
 *
 * SOFT lets the instance stop cleanly. HARD stops it at once, and so does a SOFT reboot whose clean stop fails. An
 * instance without a container gets a new one from its image.
 *
 * @throws InstanceNotFound when the instance has no container, and names no image from which to create one.
 */
async function rebootInstance(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  network_info: NetworkInfo | null | undefined,
  reboot_type: RebootType,
  options: RebootOptions = {},
): Promise<void> {
  const container = await findOrSettle(node, instance, options.signal);
  if (container !== undefined && !isUnfinished(container))
    await rebootContainer(node, instance, container, network_info, reboot_type, options.signal);
  else await makeAgain(node, context, instance, network_info, options);
}

/**
 * Finishes, as a HARD reboot, a reboot that began more than `timeout` seconds ago and did not end. An instance that has
 * been running for less than `timeout` seconds was started by that reboot and is left alone.
 *
 * Nova passes no request context here, so an instance without a container is not recreated: Nova requests the same
 * reboot again when nova-compute starts.
 */
async function rebootIfStuck(
  node: ComputeNode,
  instance: Instance,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  const container = await findInstance(node.engine, node.host, instance, signal);
  if (container === undefined || isUnfinished(container)) {
    node.logger.warn('could not finish an interrupted reboot: the instance has no container', {
      instance: instance.uuid,
    });
    return;
  }
  if (container.State.Status === 'running' && (await secondsRunning(node, container, signal)) < timeout)
    return;
  node.logger.info('finishing an interrupted reboot', { instance: instance.uuid });
  const network_info = instance.info_cache?.network_info;
  await rebootContainer(node, instance, container, network_info, rebootTypes.HARD, signal);
}

/**
 * For how many seconds a container has been running, by the engine's clock; by the driver's clock if the engine reports
 * no time.
 */
async function secondsRunning(
  { engine }: ComputeNode,
  { State: { StartedAt: started } }: ContainerInspect,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { SystemTime: time } = await engine.system.info({ signal });
  return ((time === undefined ? Date.now() : Date.parse(time)) - Date.parse(started)) / 1000;
}

/**
 * Finds the instance's container. If a crash in another verb left no container under its name, restores the last one
 * that had it.
 */
async function findOrSettle(
  { engine, host }: ComputeNode,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<ContainerInspect | undefined> {
  const container = await findInstance(engine, host, instance, signal);
  return container ?? (await settleSwap(engine, host, instance, signal)).current;
}

/**
 * Stops and starts the container. Networks that cannot be used fail the reboot before the stop. If the container cannot
 * be started in them, it is started as it was. A reboot that was killed in between is finished by repeating it.
 */
async function rebootContainer(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  reboot_type: RebootType,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Undone last: the container needs its former networks before it is started.
  await using restart = new Rollback(node, instance.uuid);
  await using rollback = new Rollback(node, instance.uuid);
  const reconnection = await prepareReconnection(node, container, network_info, rollback, signal);
  if (container.State.Running)
    restart.pushRestore('the stop of the instance', () => startAgain(node, container));
  if (reboot_type !== rebootTypes.SOFT || !(await stopsCleanly(node, instance, container, signal)))
    await stopForReplacement(node, container.Id, { timeout: 0, retry_interval: 0, signal });
  await reconnectAndStart(node, container, network_info, reconnection, signal);
  rollback.complete();
  restart.complete();
  await reconnection.keep();
  if (container.State.Status !== 'running') await removeSuspension(node, instance);
}

async function stopsCleanly(
  node: ComputeNode,
  { uuid }: Instance,
  container: ContainerInspect,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await stopForReplacement(node, container.Id, { ...cleanly(container), signal });
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    node.logger.warn('could not stop the instance for a soft reboot: rebooting it hard', {
      instance: uuid,
      error,
    });
    return false;
  }
}

/**
 * Recreates an instance's container from its image, as spawn does, and replaces what is left of the old one. Files
 * written in the old container are lost.
 */
async function makeAgain(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  network_info: NetworkInfo | null | undefined,
  options: RebootOptions,
): Promise<void> {
  const { uuid: instance_uuid } = instance;
  const image_meta = imageOfInstance(instance);
  if (image_meta === undefined)
    throw new InstanceNotFound(
      `Instance ${instance_uuid} has no container on this host, and no image_ref to create one from`,
      { instance_uuid },
    );
  await validateNothingSetAside(node, instance, options.signal);
  node.logger.warn('the container of the instance is gone: creating another from its image', {
    instance: instance_uuid,
    image: image_meta.id,
  });
  const { signal, block_device_info = null, accel_info = null } = options;
  await spawnInstance(node, context, instance, image_meta, {
    network_info: network_info ?? null,
    block_device_info,
    accel_info,
    signal,
  });
}

/**
 * Refuses a new container while a migration has set one aside: that one holds the instance's files and must be restored
 * instead.
 *
 * @throws InstanceRebootFailure when such a container exists.
 */
async function validateNothingSetAside(
  { engine, host }: ComputeNode,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<void> {
  const replaceable = [containerName(instance.uuid), containerPartName(instance.uuid, spawning)];
  const aside = (await listContainersOf(engine, host, instance, signal))
    .flatMap(({ Names: names }) => names)
    .filter((name) => !replaceable.some((own) => name === `/${own}`));
  if (aside.length > 0)
    throw new InstanceRebootFailure(
      `The files of instance ${instance.uuid} are in ${aside.join(', ')}: finish or revert the rescue, rebuild or migration that set them aside first`,
      { instance_uuid: instance.uuid },
    );
}

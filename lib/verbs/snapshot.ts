import type {
  Instance,
  LongRunningOptions,
  RequestContext,
  UpdateTaskState,
} from '../../interfaces/index.js';
import { InstanceInvalidState, InstanceNotRunning, NovaException } from '../../interfaces/index.js';
import { Snapshot } from '../images/index.js';
import { label } from '../common/index.js';
import { findInstance, mountedPaths, SnapshotPause } from '../instances/index.js';
import type { ComputeNode, OfInstance, Verb } from './definition/index.js';
import { callOrchestrator, schemas } from './definition/index.js';
import { copyBounds, validateFilesCopyable, orchestratorAnswer, Rollback } from './steps/index.js';

type Subjects = OfInstance &
  Readonly<
    Record<'context', RequestContext> &
      Record<'image_id', string> &
      Record<'update_task_state', UpdateTaskState>
  >;

export const snapshot: Verb<Subjects, LongRunningOptions, void> = {
  action: 'snapshot',
  lock: 'instance',
  failure: NovaException,
  arguments: {
    context: schemas.unread,
    instance: schemas.instance,
    image_id: schemas.text,
    update_task_state: schemas.callback,
  },
  run: async (node, given) => {
    const { context, instance, image_id, signal } = given;
    const update_task_state: UpdateTaskState = (update) =>
      callOrchestrator(() =>
        orchestratorAnswer('update_task_state', signal, () => given.update_task_state(update)),
      );
    const committed = await commitInstance(node, context, instance, image_id, update_task_state, given);
    given.releaseLock();
    await committed.upload();
  },
};

/**
 * Commits an instance's file system as a bootable image. The upload that follows does not need the instance any more.
 *
 * @throws InstanceNotRunning when the host has no such instance, as Nova's interface requires. A stopped instance can
 * be snapshotted.
 * @throws InstanceInvalidState when the instance's files are too large or nested too deep to be copied.
 */
export async function commitInstance(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_id: string,
  update_task_state: UpdateTaskState,
  { signal, onProgress }: LongRunningOptions,
): Promise<Snapshot> {
  const container = await findInstance(node.engine, node.host, instance, signal);
  if (container === undefined)
    throw new InstanceNotRunning(`Instance ${instance.uuid} is not on this host`, {
      instance_uuid: instance.uuid,
    });
  const { pauseForSnapshot: pause, snapshots } = node.policy;
  const booted = container.Config.Labels[label.imageId] ?? '';
  const { maxBytes } = await copyBounds(node, instance, instance.flavor, container.Image, signal);
  const copy = { kind: 'commit', excludedPaths: mountedPaths(container) } as const;
  const copied = { container: container.Id, maxBytes, copy, signal };
  const announced = await Snapshot.announce(node, {
    context,
    container,
    image_id,
    project_id: instance.project_id,
    ...(snapshots === 'delta' && booted !== '' ? { above: booted } : {}),
    pause,
    update_task_state,
    signal,
    onProgress,
  });
  await using rollback = new Rollback(node, instance.uuid);
  rollback.push('the committed image', () => announced.discard());
  // The engine writes the holes of sparse files out, and a commit cannot be cancelled. So the files are validated
  // before the pause, which may read them all, and again when they cannot grow any more, mostly by figures alone.
  await validateFilesCopyable(node, instance, copied, InstanceInvalidState);
  const snapshotPause = pause ? await SnapshotPause.begin(node, instance, container, signal) : undefined;
  try {
    if (pause) await validateFilesCopyable(node, instance, copied, InstanceInvalidState);
    signal?.throwIfAborted();
    await announced.commit();
  } finally {
    await snapshotPause?.end();
  }
  signal?.throwIfAborted();
  rollback.complete();
  return announced;
}

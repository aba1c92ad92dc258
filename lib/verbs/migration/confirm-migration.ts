import type { Instance, NetworkInfo } from '../../../interfaces/index.js';
import { removeInstanceImages } from '../../images/index.js';
import { findInstance, findKeptContainer, forgetResize, removeContainer } from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';

/**
 * On the host that an instance has left, or that has changed its flavor: there is no way back any more. May be
 * repeated, and then ends what was broken off.
 */
export async function confirmMigration(
  node: ComputeNode,
  instance: Instance,
  network_info: NetworkInfo,
  signal?: AbortSignal,
): Promise<void> {
  const { engine, host, networks, states: notes } = node;
  const kept = await findKeptContainer(engine, host, instance, signal);
  if (kept !== undefined) await removeContainer(engine, kept.Id);
  // The image of a container that is gone has no other trace: the signal does not come between the two.
  await removeInstanceImages(engine, instance.uuid, kept === undefined ? [] : [kept.Image]);
  signal?.throwIfAborted();
  await networks.release(kept === undefined ? [] : [kept], network_info);
  signal?.throwIfAborted();
  const isHere = (await findInstance(engine, host, instance, signal)) !== undefined;
  if (isHere) await forgetResize(notes, instance);
  else await notes.forget(instance.uuid);
}

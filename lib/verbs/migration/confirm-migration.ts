import type { Instance, NetworkInfo } from '../../../interfaces/index.js';
import { removeInstanceImages } from '../../images/index.js';
import { findInstance, findKeptContainer, forgetResize, removeContainer } from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';

/**
 * Runs on the source host, or on the only host of a resize: removes what a revert would need. Idempotent: a repeated
 * call finishes one that was interrupted.
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
  // Nothing else records the image of a removed container, so the signal is not checked between the two removals.
  await removeInstanceImages(engine, instance.uuid, kept === undefined ? [] : [kept.Image]);
  signal?.throwIfAborted();
  await networks.release(kept === undefined ? [] : [kept], network_info);
  signal?.throwIfAborted();
  const isHere = (await findInstance(engine, host, instance, signal)) !== undefined;
  if (isHere) await forgetResize(notes, instance);
  else await notes.forget(instance.uuid);
}

import type { Instance, NetworkInfo } from '../../../interfaces/index.js';
import { removeInstanceImages } from '../../images/index.js';
import { findInstance, findKeptContainer, forgetResize, removeContainer } from '../../instances/index.js';
import type { ComputeNode } from '../compute-node.js';

/** On the host that an instance has left, or that has changed its flavor: there is no way back any more. May be repeated. */
export async function confirmMigration(
  node: ComputeNode,
  instance: Instance,
  network_info: NetworkInfo,
): Promise<void> {
  const { engine, host, networks, notes } = node;
  const kept = await findKeptContainer(engine, host, instance);
  if (kept !== undefined) {
    await removeContainer(engine, kept.Id);
    await removeInstanceImages(engine, instance.uuid, [kept.Image]);
    await networks.release([kept], network_info);
  }
  const isHere = (await findInstance(engine, host, instance)) !== undefined;
  if (isHere) await forgetResize(notes, instance);
  else await notes.forget(instance.uuid);
}

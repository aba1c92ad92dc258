import type { HeldImage } from '../../images/index.js';
import type { ComputeNode } from '../definition/index.js';
import type { ContainerPlan } from './container-plan.js';
import { NewContainer } from './new-container.js';
import type { Rollback } from './rollback.js';
import { withRollback } from './rollback.js';

/**
 * Makes a container for an instance, beside the one that it may have, and has its verb use it. Its image and its
 * networks are kept when that succeeds. When something fails, whatever was made is gone again.
 *
 * @throws ImageUnacceptable when it is the image's fault; InvalidInput when something cannot be mounted where the
 * caller wants it; what the verb throws.
 */
export async function withNewContainer(
  node: ComputeNode,
  plan: ContainerPlan,
  use: (container: Pick<NewContainer, 'make' | 'launch'>) => Promise<void>,
): Promise<void> {
  await withRollback(node.logger, async (undo) => {
    const image = await holdImage(node, plan, undo);
    const wiring = await node.networks.prepare(plan.network_info, plan.signal);
    undo.push('its networks', () => node.networks.abandon(wiring));
    const container = new NewContainer(node, plan, wiring, image);
    undo.push('its container', () => container.discard());
    try {
      await use(container);
    } catch (error) {
      throw await container.explained(error);
    }
    node.networks.keep(wiring);
    image?.keep();
  });
}

async function holdImage(
  { imageLoader }: ComputeNode,
  { boot, signal }: ContainerPlan,
  undo: Rollback,
): Promise<HeldImage | undefined> {
  if (boot === undefined) return undefined;
  const image = await imageLoader.hold(boot.image_id, signal);
  undo.push('its image', image.abandon);
  return image;
}

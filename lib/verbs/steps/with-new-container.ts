import type { HeldImage } from '../../images/index.js';
import type { ComputeNode } from '../definition/index.js';
import type { ContainerPlan } from './container-plan.js';
import { NewContainer } from './new-container.js';
import type { Rollback } from './rollback.js';
import { withRollback } from './rollback.js';

/**
 * Plans a new container for an instance, next to its present one if it has one, and lets the verb create and use it. On
 * success, image and networks are kept. On failure, everything that was created is removed.
 *
 * @throws ImageUnacceptable when the image is the cause; InvalidInput when something cannot be mounted at the path that
 * the caller chose; what the verb throws.
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

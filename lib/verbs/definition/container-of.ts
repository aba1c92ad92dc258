import type { ContainerInspect } from '../../engine/index.js';
import { findInstance, inspectInstance } from '../../instances/index.js';
import type { ComputeNode } from './compute-node.js';
import type { Controls, OfInstance } from './verb.js';

/**
 * Inspects the container of a verb's instance.
 *
 * @throws InstanceNotFound when there is none: another program's container may have the same name.
 */
export async function containerOf(
  { engine, host }: ComputeNode,
  { instance, signal }: OfInstance & Pick<Controls, 'signal'>,
): Promise<ContainerInspect> {
  return await inspectInstance(engine, host, instance, signal);
}

/** Like {@link containerOf}, for a verb that is a no-op without a container: then a warning is logged. */
export async function containerIfAny(
  { engine, host, logger }: ComputeNode,
  action: string,
  { instance, signal }: OfInstance & Pick<Controls, 'signal'>,
): Promise<ContainerInspect | undefined> {
  const container = await findInstance(engine, host, instance, signal);
  if (container === undefined) logger.warn(`there is no instance to ${action}`, { instance: instance.uuid });
  return container;
}

import type { Instance } from '../../../interfaces/index.js';
import { instancePartName, instanceContainerName } from '../../common/index.js';
import type { ContainerInspect, ContainerSummary, Engine } from '../../engine/index.js';
import { adoptName } from './create-container.js';
import { listContainersOf, spawning } from '../lookup/index.js';
import { containerName } from '../specification/index.js';
import { isRescueOf } from '../rescue/index.js';
import { removeContainer } from './remove-container.js';

/** Name suffixes of an instance's containers while another container has, or is about to get, the instance's name. */
export const asideSuffix = {
  /** The instance's own container while it is rescued. */
  rescued: 'rescued',
  /** The rescue container while an unrescue restores the instance's own. */
  rescuing: 'rescuing',
  /** The container from before a rebuild, until the new one has started. */
  replaced: 'replaced',
} as const;

/** The containers of an instance after {@link settleSwap}. */
interface SettledInstance {
  /** The container that is the instance; undefined when there is none. */
  readonly current: ContainerInspect | undefined;
  /** The instance's own container, if `current` is a rescue container. */
  readonly rescued: ContainerInspect | undefined;
}

/**
 * Completes or rolls back a rescue, an unrescue or a rebuild that a crash interrupted. Afterwards one container is the
 * instance; a second exists only while the instance is rescued.
 *
 * If no container has the instance's name, the last one that had it gets it back. An incomplete container is removed:
 * all its data is in another one too. If a container has the name, the others are obsolete and are removed.
 */
export async function settleSwap(
  engine: Engine,
  host: string,
  instance: Pick<Instance, 'uuid'>,
  signal?: AbortSignal,
): Promise<SettledInstance> {
  const { uuid } = instance;
  const containers = await listContainersOf(engine, host, instance, signal);
  const named = (name: string): ContainerSummary | undefined =>
    containers.find(({ Names: names }) => names.includes(`/${name}`));
  const aside = [asideSuffix.rescuing, asideSuffix.replaced, asideSuffix.rescued].flatMap(
    (each) => named(instancePartName(uuid, each)) ?? [],
  );
  signal?.throwIfAborted();
  let own = named(instanceContainerName(uuid));
  if (own === undefined) {
    own = aside.shift();
    if (own === undefined) return { current: undefined, rescued: undefined };
    const halfMade = named(instancePartName(uuid, spawning));
    if (halfMade !== undefined) await removeContainer(engine, halfMade.Id);
    await adoptName(engine, own.Id, containerName(uuid), instance);
  }
  const current = await engine.containers.inspect(own.Id, { signal });
  // Only a rescue gives this name. The label alone may come from the container's image.
  const rescuedName = `/${instancePartName(uuid, asideSuffix.rescued)}`;
  const rescued = aside.find(
    ({ Id: id, Names: names }) => names.includes(rescuedName) && isRescueOf(current, id),
  );
  for (const { Id: id } of aside) if (id !== rescued?.Id) await removeContainer(engine, id);
  return {
    current,
    rescued: rescued === undefined ? undefined : await engine.containers.inspect(rescued.Id, { signal }),
  };
}

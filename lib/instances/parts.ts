import type { Instance } from '../../interfaces/index.js';
import { instancePartName, instanceContainerName } from '../common/index.js';
import type { ContainerInspect, ContainerSummary, Engine } from '../engine/index.js';
import { adoptName } from './create-container.js';
import { listContainersOf } from './find-instance.js';
import { spawning } from './incomplete-container.js';
import { containerName } from './instance-labels.js';
import { isRescueOf } from './rescue-labels.js';
import { removeContainer } from './start-and-stop.js';

/** The parts of an instance whose container is put aside while another one has its name, or is about to. */
export const part = {
  /** The instance's own container while it is rescued. */
  rescued: 'rescued',
  /** The rescue container, while the instance's own comes back. */
  rescuing: 'rescuing',
  /** The container from before a rebuild, until the new one is started. */
  replaced: 'replaced',
} as const;

/** The containers that an instance has, after {@link recoverInterruptedSwap}. */
interface SettledInstance {
  /** The one that is the instance; undefined when there is none. */
  readonly current: ContainerInspect | undefined;
  /** Where that is a rescue container: the one that it stands in for. */
  readonly rescued: ContainerInspect | undefined;
}

/**
 * Ends what a rescue, an unrescue or a rebuild left when a crash came between: afterwards one container is the
 * instance, and another one is there only while the instance is rescued.
 *
 * Where no container has the instance's name, the one that had it last gets it back; what was being made is removed,
 * because nothing is in it that is not in another one. Where one has it, the others have had their time.
 */
export async function recoverInterruptedSwap(
  engine: Engine,
  host: string,
  instance: Pick<Instance, 'uuid'>,
  signal?: AbortSignal,
): Promise<SettledInstance> {
  const { uuid } = instance;
  const containers = await listContainersOf(engine, host, instance, signal);
  const named = (name: string): ContainerSummary | undefined =>
    containers.find(({ Names: names }) => names.includes(`/${name}`));
  const aside = [part.rescuing, part.replaced, part.rescued].flatMap(
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
  const rescued = aside.find(({ Id: id }) => isRescueOf(current, id));
  for (const { Id: id } of aside) if (id !== rescued?.Id) await removeContainer(engine, id);
  return {
    current,
    rescued: rescued === undefined ? undefined : await engine.containers.inspect(rescued.Id, { signal }),
  };
}

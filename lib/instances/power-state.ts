import type { InstanceInfo, PowerState } from '../../interfaces/index.js';
import { power_state } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';

/** The engine's zero time. */
export const never = '0001-01-01T00:00:00Z';

type State = ContainerInspect['State'];

/**
 * Whether the engine's account of a container reads as if it had run out of memory. Once the kernel has killed any
 * process of a container, `OOMKilled` stays set, also over restarts (28.5), so it says nothing of a first process that
 * ended without an error.
 */
export function looksOutOfMemory(state: State): boolean {
  return state.Status === 'exited' && state.OOMKilled && state.ExitCode !== 0;
}

/**
 * What Nova wants to know of an instance.
 *
 * @param told - what its container does not tell: whether it is suspended, whether its stop was requested, and the
 * processors that it is given.
 */
export function instanceInfo(
  container: ContainerInspect,
  told: { readonly isSuspended: boolean; readonly isStopped: boolean; readonly vcpus: number },
): InstanceInfo {
  const { State: state } = container;
  const hasRun = state.StartedAt !== never;
  return {
    state: told.isSuspended ? power_state.SUSPENDED : powerState(state, told.isStopped),
    internal_id: container.Id,
    exit_code: hasRun && !state.Running ? state.ExitCode : null,
    oom_killed: state.OOMKilled,
    started_at: hasRun ? state.StartedAt : null,
    max_mem_kb: container.HostConfig.Memory / 1024,
    num_cpu: told.vcpus,
  };
}

/**
 * The power state of a container. Nova stops an active instance that is reported SHUTDOWN or CRASHED, so only a
 * container that the engine says has ended is either.
 */
function powerState(state: State, isStopped: boolean): PowerState {
  switch (state.Status) {
    case 'running':
    case 'restarting':
      return power_state.RUNNING;
    case 'paused':
      return power_state.PAUSED;
    case 'created':
      return power_state.SHUTDOWN;
    case 'exited':
      return looksOutOfMemory(state) && !isStopped ? power_state.CRASHED : power_state.SHUTDOWN;
    case 'dead':
      return power_state.CRASHED;
    case 'removing':
      return power_state.NOSTATE;
  }
}

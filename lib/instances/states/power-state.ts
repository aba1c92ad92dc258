import type { InstanceInfo, PowerState } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import { type ContainerInspect, neverStarted } from '../../engine/index.js';

type State = ContainerInspect['State'];

/**
 * Whether a container's state indicates that it ran out of memory. `OOMKilled` stays set after the kernel has killed
 * any process of the container, also across restarts (28.5). So it means nothing if the first process ended without an
 * error.
 */
export function looksOutOfMemory(state: State): boolean {
  return state.Status === 'exited' && state.OOMKilled && state.ExitCode !== 0;
}

/**
 * Nova's information on an instance.
 *
 * @param recorded - state that the container does not record: whether the instance is suspended, whether its stop was
 * requested, and its virtual CPUs.
 */
export function instanceInfo(
  container: ContainerInspect,
  recorded: { readonly isSuspended: boolean; readonly isStopped: boolean; readonly vcpus: number },
): InstanceInfo {
  const { State: state } = container;
  const hasRun = state.StartedAt !== neverStarted;
  return {
    state: recorded.isSuspended ? power_state.SUSPENDED : powerState(state, recorded.isStopped),
    internal_id: container.Id,
    exit_code: hasRun && !state.Running ? state.ExitCode : null,
    oom_killed: state.OOMKilled,
    started_at: hasRun ? state.StartedAt : null,
    max_mem_kb: container.HostConfig.Memory / 1024,
    num_cpu: recorded.vcpus,
  };
}

/**
 * The power state of a container. Nova stops an active instance that is SHUTDOWN or CRASHED, so only a container that
 * the engine reports as ended gets one of these.
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

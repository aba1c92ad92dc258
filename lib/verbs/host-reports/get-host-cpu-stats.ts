import type { HostCpuStats } from '../../../interfaces/index.js';
import { NotImplementedError } from '../../../interfaces/index.js';
import { hostCpuStats } from '../../host/index.js';
import type { HostFacts } from '../definition/index.js';

/**
 * Reads this machine, not the engine, and therefore answers before `init_host`, too.
 *
 * @throws NotImplementedError when the engine is on another machine.
 */
export async function getHostCpuStats({ isLocal }: HostFacts): Promise<HostCpuStats> {
  if (isLocal) return await hostCpuStats();
  throw new NotImplementedError("The CPU times of the engine's host are known only where it is this machine");
}

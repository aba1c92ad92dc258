import type { HostCpuStats } from '../../../interfaces/index.js';
import { NotImplementedError, NovaException } from '../../../interfaces/index.js';
import { hostCpuStats, hostUptime, ownAddress } from '../../host/index.js';
import type { HostFacts } from '../definition/index.js';

/*
 * Verbs that answer before `init_host`: they read this machine, not the engine.
 */

/** @throws NotImplementedError when the engine is on another machine. */
export function getHostUptime({ isLocal }: HostFacts): Promise<string> {
  if (isLocal) return Promise.resolve(hostUptime());
  return Promise.reject(
    new NotImplementedError("The uptime of the engine's host is known only where it is this machine"),
  );
}

/** @throws NovaException when the engine is on another machine and the option `myIp` is not set. */
export function getHostIpAddr({ isLocal, policy }: HostFacts): Promise<string> {
  if (policy.myIp !== undefined) return Promise.resolve(policy.myIp);
  if (isLocal) return Promise.resolve(ownAddress());
  return Promise.reject(
    new NovaException(
      "The address of the engine's host is known only where it is this machine: set the driver's option myIp",
    ),
  );
}

/** @throws NotImplementedError when the engine is on another machine. */
export async function getHostCpuStats({ isLocal }: HostFacts): Promise<HostCpuStats> {
  if (isLocal) return await hostCpuStats();
  throw new NotImplementedError(
    "How the engine's host spends its time is known only where it is this machine",
  );
}

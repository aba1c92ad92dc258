import { NovaException } from '../../../interfaces/index.js';
import { ownAddress } from '../../host/index.js';
import type { HostFacts } from '../definition/index.js';

/**
 * Reads this machine, not the engine, and therefore answers before `init_host`, too.
 *
 * @throws NovaException when the engine is on another machine and the option `myIp` is not set.
 */
export function getHostIpAddr({ isLocal, policy }: HostFacts): Promise<string> {
  if (policy.myIp !== undefined) return Promise.resolve(policy.myIp);
  if (isLocal) return Promise.resolve(ownAddress());
  return Promise.reject(
    new NovaException(
      "The address of the engine's host is known only where it is this machine: set the driver's option myIp",
    ),
  );
}

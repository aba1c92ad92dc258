import { NotImplementedError } from '../../../interfaces/index.js';
import { hostUptime } from '../../host/index.js';
import type { HostFacts } from '../definition/index.js';

/**
 * Reads this machine, not the engine, and therefore answers before `init_host`, too.
 *
 * @throws NotImplementedError when the engine is on another machine.
 */
export function getHostUptime({ isLocal }: HostFacts): Promise<string> {
  if (isLocal) return Promise.resolve(hostUptime());
  return Promise.reject(
    new NotImplementedError("The uptime of the engine's host is known only where it is this machine"),
  );
}

import type { Engine } from '../../engine/index.js';

/**
 * Whether an engine keeps its images in containerd: that has layers by the digests of what they were loaded from, and
 * does not look for others.
 */
export async function isContainerdStore(engine: Engine, signal: AbortSignal | undefined): Promise<boolean> {
  const { DriverStatus: status } = await engine.system.info({ signal });
  return status.some(([name]) => name === 'driver-type');
}

/**
 * Image archives that must not be loaded, each wrong in one way, with the message that must say so. For
 * the tests of the rewriter, and for those that show that hostile archives do not harm an engine.
 */
import { brokenArchives } from './broken.js';
import { hostileConfigurations } from './configurations.js';
import { hostileEntries } from './entries.js';
import { compressedTwice, hostileLayers } from './layers.js';
import { hostileManifests } from './manifests.js';
import { hostileSizes } from './sizes.js';
import type { HostileArchive } from './spoil.js';

export { thievingArchive } from './configurations.js';
export { tightLimits, type HostileArchive } from './spoil.js';

/** All hostile archives. Those that exceed a limit do so under {@link tightLimits}. */
export async function hostileArchives(): Promise<HostileArchive[]> {
  return [
    ...(await brokenArchives()),
    ...(await hostileManifests()),
    ...(await hostileConfigurations()),
    ...(await hostileEntries()),
    ...(await hostileSizes()),
    ...(await hostileLayers()),
    ...(await compressedTwice()),
  ];
}

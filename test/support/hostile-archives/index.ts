/**
 * Image archives that must not be loaded, each wrong in one way, with the words that must tell a person so. For the rewriter's own tests, and for
 * those that show that an engine is none the worse for them.
 */
import { brokenArchives } from './broken.js';
import { hostileConfigurations } from './configurations.js';
import { hostileEntries } from './entries.js';
import { hostileLayers } from './layers.js';
import { hostileManifests } from './manifests.js';
import { hostileSizes } from './sizes.js';
import type { HostileArchive } from './spoil.js';

export { thievingArchive } from './configurations.js';
export { tightLimits, type HostileArchive } from './spoil.js';

/** All of them; those that exceed a limit do so under {@link tightLimits}. */
export async function hostileArchives(): Promise<HostileArchive[]> {
  return [
    ...(await brokenArchives()),
    ...(await hostileManifests()),
    ...(await hostileConfigurations()),
    ...(await hostileEntries()),
    ...(await hostileSizes()),
    ...(await hostileLayers()),
  ];
}

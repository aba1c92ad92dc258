import type { DriverCapabilities } from '../../interfaces/index.js';
import { capability_traits, noCapabilities } from '../../interfaces/index.js';

/** The capabilities by the names of Placement's traits. Nova: `ComputeDriver.capabilities_as_traits`. */
export function capabilitiesAsTraits(capabilities: DriverCapabilities): Readonly<Record<string, boolean>> {
  const traits: Record<string, boolean> = {};
  let flag: keyof DriverCapabilities;
  for (flag in noCapabilities) {
    const trait = capability_traits[flag];
    if (trait !== undefined) traits[trait] = capabilities[flag];
  }
  return traits;
}

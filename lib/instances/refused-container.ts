import { ComputeResourcesUnavailable, InvalidInput } from '../../interfaces/index.js';
import type { EngineError } from '../engine/index.js';
import { blamedOnImage } from './image-fault.js';

/**
 * What engines say of a container that none of them could make, whatever its host has (400, 20.10 and 28.5, each
 * tried).
 */
const engineRefusals =
  /minimum memory(swap)? limit|CPU cfs (period|quota)|CPU shares|duplicate mount point|mount path must be absolute|destination can't be|invalid (MAC|IPv[46]) address|contain the IP address|invalid signal/i;

/**
 * Tells what an engine refuses to create (400) by whose fault it is. An engine refuses what makes no sense, and also
 * what its host does not have: a directory to mount, processors, a runtime, a driver for logs. Nova tries no other host
 * for input that is invalid, so what is not known for certain is the host's.
 *
 * @returns ImageUnacceptable, InvalidInput or ComputeResourcesUnavailable in place of the engine's error.
 */
export function refusedContainer(error: EngineError): unknown {
  const blamed = blamedOnImage(error);
  if (blamed !== error) return blamed;
  const { engineMessage } = error;
  return engineRefusals.test(engineMessage)
    ? new InvalidInput(`No engine can make such a container: ${engineMessage}`, { cause: error })
    : new ComputeResourcesUnavailable(
        `The engine of this host can make no such container: ${engineMessage}`,
        {
          cause: error,
        },
      );
}

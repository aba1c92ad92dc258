import type { Instance } from '../../interfaces/index.js';
import type { MountSpecification } from '../engine/index.js';
import { label } from '../common/index.js';

/**
 * An empty volume that belongs to one container: the engine removes it with the container, and no snapshot has what is
 * in it.
 *
 * @param path - where it is in the container.
 */
export function ownVolume(path: string, host: string, { uuid }: Instance): MountSpecification {
  return {
    Type: 'volume',
    Target: path,
    VolumeOptions: { NoCopy: true, Labels: { [label.host]: host, [label.instanceUuid]: uuid } },
  };
}

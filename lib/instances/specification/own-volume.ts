import type { Instance } from '../../../interfaces/index.js';
import { label } from '../../common/index.js';
import type { MountSpecification } from '../../engine/index.js';

/**
 * An empty volume of one container: the engine removes it with the container, and snapshots do not contain its files.
 *
 * @param path - its mount point in the container.
 */
export function ownVolume(path: string, host: string, { uuid }: Instance): MountSpecification {
  return {
    Type: 'volume',
    Target: path,
    VolumeOptions: { NoCopy: true, Labels: { [label.host]: host, [label.instanceUuid]: uuid } },
  };
}

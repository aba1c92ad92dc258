import type { DriverCapabilities } from '../../interfaces/index.js';
import { noCapabilities } from '../../interfaces/index.js';
import { DockerMigrationVerbs } from './migration.js';
import type { DockerDriverOptions } from './options.js';

/**
 * Nova's virt driver for a Docker Engine: instances are containers. One driver serves one compute host; `init_host`
 * comes first.
 *
 * Verbs on one instance run one after another. Every verb throws the signal's reason when its signal aborts, and
 * {@link HypervisorUnavailable} when the engine does not answer, but for those that remove an instance
 * (InstancePowerOffFailure) and `migrate_disk_and_power_off` (InstanceFaultRollback). The verbs are in `driver/`.
 */
export class DockerDriver extends DockerMigrationVerbs {
  override readonly capabilities: DriverCapabilities = {
    ...noCapabilities,
    has_imagecache: true,
    supports_attach_interface: true,
    supports_evacuate: true,
    supports_image_type_raw: true,
    supports_migrate_to_same_host: true,
  };

  /**
   * Does nothing but check its options: nothing is asked of the engine before `init_host`.
   *
   * @throws InvalidInput naming each option that cannot be used.
   */
  constructor(options: DockerDriverOptions = {}) {
    super(options);
  }
}

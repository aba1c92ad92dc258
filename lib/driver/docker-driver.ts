import type { DriverCapabilities } from '../../interfaces/index.js';
import { noCapabilities } from '../../interfaces/index.js';
import { DockerMigrationVerbs } from './migration.js';
import type { DockerDriverOptions } from './options.js';

/**
 * Nova's virt driver for a Docker Engine: instances are containers. One driver serves one compute host. Call
 * `init_host` before any other verb.
 *
 * Verbs on one instance run one after another. Every verb throws the signal's reason when its signal aborts. It throws
 * {@link HypervisorUnavailable} when the engine does not answer, except those that remove an instance
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
   * Validates the options. Sends no request to the engine: `init_host` does.
   *
   * @throws InvalidInput naming each invalid option.
   */
  constructor(options: DockerDriverOptions = {}) {
    super(options);
  }
}

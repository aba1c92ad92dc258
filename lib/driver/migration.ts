import type {
  FinishMigrationOptions,
  FinishRevertMigrationOptions,
  Flavor,
  ImageMeta,
  Instance,
  MigrateDiskOptions,
  Migration,
  NetworkInfo,
  RequestContext,
  VerbOptions,
} from '../../interfaces/index.js';
import { MigrationError } from '../../interfaces/index.js';
import {
  confirmMigration,
  finishMigration,
  finishRevertMigration,
  migrateDiskAndPowerOff,
} from '../verbs/index.js';
import {
  departureMustBeSound,
  diskInfoMustBeText,
  makingMustBeSound,
  networkInfoMustBeSound,
  optionsMustBeSound,
  sharedStorageDataMustBeSound,
  soundInstance,
} from '../verbs/index.js';
import { DockerConsoleVerbs } from './console.js';

/** The verbs of cold migration and resize. */
export abstract class DockerMigrationVerbs extends DockerConsoleVerbs {
  override async migrate_disk_and_power_off(
    _context: RequestContext,
    given: Instance,
    dest: string,
    flavor: Flavor,
    network_info: NetworkInfo,
    options: MigrateDiskOptions = {},
  ): Promise<string> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { timeout = 0, retry_interval = 0 } = options;
    departureMustBeSound(instance, dest, flavor, network_info, { timeout, retry_interval });
    const ownAddress = (): Promise<string> => this.get_host_ip_addr();
    const departure = { ...options, dest, ownAddress, flavor, network_info, timeout, retry_interval };
    return await this.computeHost.change(
      'migrate',
      instance,
      options,
      MigrationError,
      async (node, signal, onProgress) => {
        const disk_info = await migrateDiskAndPowerOff(node, instance, { ...departure, signal, onProgress });
        await node.serialConsoles?.close(instance.uuid);
        return disk_info;
      },
    );
  }

  override async finish_migration(
    _context: RequestContext,
    _migration: Migration,
    given: Instance,
    disk_info: string | null,
    network_info: NetworkInfo,
    image_meta: ImageMeta,
    options: FinishMigrationOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    diskInfoMustBeText(disk_info);
    const { power_on = true } = options;
    makingMustBeSound(instance, image_meta, { ...options, network_info });
    const arrival = { ...options, disk_info, network_info, image_meta, power_on };
    await this.computeHost.change(
      'finish the migration of',
      instance,
      options,
      MigrationError,
      (node, signal, onProgress) => finishMigration(node, instance, { ...arrival, signal, onProgress }),
    );
  }

  override async confirm_migration(
    _context: RequestContext,
    _migration: Migration,
    given: Instance,
    network_info: NetworkInfo,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    networkInfoMustBeSound(network_info);
    await this.computeHost.change(
      'confirm the migration of',
      instance,
      options,
      MigrationError,
      (node, signal) => confirmMigration(node, instance, network_info, signal),
    );
  }

  override async finish_revert_migration(
    _context: RequestContext,
    given: Instance,
    network_info: NetworkInfo,
    _migration: Migration,
    options: FinishRevertMigrationOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    optionsMustBeSound(options);
    const { power_on = true, signal } = options;
    networkInfoMustBeSound(network_info);
    await this.computeHost.change('take back', instance, { signal }, MigrationError, (node, merged) =>
      finishRevertMigration(node, instance, { network_info, power_on, signal: merged }),
    );
  }

  /**
   * Hosts never share instances' files, so the check only tells whether both hosts are the same one. In that case Nova
   * must not destroy the files before it reverts a resize.
   */
  override async check_instance_shared_storage_local(
    _context: RequestContext,
    _instance: Instance,
    options: VerbOptions = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    return await this.computeHost.ask('tell which host this is', options, ({ host }) =>
      Promise.resolve({ host }),
    );
  }

  override async check_instance_shared_storage_remote(
    _context: RequestContext,
    data: Readonly<Record<string, unknown>>,
    options: VerbOptions = {},
  ): Promise<boolean> {
    sharedStorageDataMustBeSound(data);
    return await this.computeHost.ask('tell which host this is', options, ({ host }) =>
      Promise.resolve(data['host'] === host),
    );
  }
}

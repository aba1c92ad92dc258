import type {
  CleanupOptions,
  DestroyOptions,
  ImageMeta,
  Instance,
  NetworkInfo,
  RequestContext,
  SpawnOptions,
  VerbOptions,
} from '../../interfaces/index.js';
import { InstanceDeployFailure, InstanceTerminationFailure } from '../../interfaces/index.js';
import { destroy, spawn } from '../verbs/index.js';
import { DockerInventoryVerbs } from './inventory.js';

/** The verbs that make instances and remove them. */
export abstract class DockerLifeCycleVerbs extends DockerInventoryVerbs {
  override async spawn(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options: SpawnOptions = {},
  ): Promise<void> {
    await this.computeHost.change('spawn', instance, options, InstanceDeployFailure, async (node) => {
      await spawn(node, context, instance, image_meta, options);
    });
  }

  override async failed_spawn_cleanup(instance: Instance, options: VerbOptions = {}): Promise<void> {
    await this.computeHost.change('clean up', instance, options, InstanceTerminationFailure, async (node) => {
      await destroy(node, instance, { network_info: [], destroy_disks: true, destroy_vifs: true });
    });
  }

  override async destroy(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    { destroy_disks = true, ...options }: DestroyOptions = {},
  ): Promise<void> {
    await this.computeHost.change('destroy', instance, options, InstanceTerminationFailure, async (node) => {
      await destroy(node, instance, { network_info, destroy_disks, destroy_vifs: true });
    });
  }

  override async cleanup(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    { destroy_disks = true, destroy_vifs = true, ...options }: CleanupOptions = {},
  ): Promise<void> {
    await this.computeHost.change('clean up', instance, options, InstanceTerminationFailure, async (node) => {
      await destroy(node, instance, { network_info, destroy_disks, destroy_vifs });
    });
  }
}

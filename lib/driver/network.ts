import type { Instance, NetworkInfo, VerbOptions } from '../../interfaces/index.js';
import { NovaException, VirtualInterfaceCreateException } from '../../interfaces/index.js';
import { findInstance } from '../instances/index.js';
import { DockerImageVerbs } from './images.js';

/** The verbs that connect instances. */
export abstract class DockerNetworkVerbs extends DockerImageVerbs {
  override async plug_vifs(
    instance: Instance,
    network_info: NetworkInfo,
    options: VerbOptions = {},
  ): Promise<void> {
    await this.computeHost.changeContainerIfThere(
      'plug',
      instance,
      options,
      VirtualInterfaceCreateException,
      async ({ networks }, container) => {
        await networks.plug(container, network_info, options.signal);
      },
    );
  }

  override async unplug_vifs(
    instance: Instance,
    network_info: NetworkInfo,
    options: VerbOptions = {},
  ): Promise<void> {
    await this.computeHost.change(
      'unplug',
      instance,
      options,
      NovaException,
      async ({ engine, host, networks }) => {
        await networks.unplug(await findInstance(engine, host, instance), network_info);
      },
    );
  }
}

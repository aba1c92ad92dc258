import type {
  ImageMeta,
  Instance,
  NetworkInfo,
  RequestContext,
  VerbOptions,
  VIF,
} from '../../interfaces/index.js';
import {
  InterfaceAttachFailed,
  InterfaceDetachFailed,
  NovaException,
  VirtualInterfaceCreateException,
} from '../../interfaces/index.js';
import { findInstance } from '../instances/index.js';
import { networkInfoMustBeSound, soundInstance, vifMustBeSound } from '../verbs/index.js';
import { DockerImageVerbs } from './images.js';

/** The verbs that connect instances to networks. */
export abstract class DockerNetworkVerbs extends DockerImageVerbs {
  override async plug_vifs(
    given: Instance,
    network_info: NetworkInfo | null,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    networkInfoMustBeSound(network_info);
    await this.computeHost.changeContainerIfThere(
      'plug',
      instance,
      options,
      VirtualInterfaceCreateException,
      async ({ networks }, container, signal) => {
        await networks.plug(container, network_info, signal);
      },
    );
  }

  override async unplug_vifs(
    given: Instance,
    network_info: NetworkInfo | null,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    networkInfoMustBeSound(network_info);
    await this.computeHost.change(
      'unplug',
      instance,
      options,
      NovaException,
      async ({ engine, host, networks }, signal) => {
        await networks.unplug(await findInstance(engine, host, instance, signal), network_info, signal);
      },
    );
  }

  override async attach_interface(
    _context: RequestContext,
    given: Instance,
    _image_meta: ImageMeta,
    vif: VIF,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    vifMustBeSound(vif);
    await this.computeHost.changeContainer(
      'attach an interface to',
      instance,
      options,
      InterfaceAttachFailed,
      async ({ networks }, container, signal) => {
        await networks.attach(container, vif, signal);
      },
    );
  }

  override async detach_interface(
    _context: RequestContext,
    given: Instance,
    vif: VIF,
    options: VerbOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    vifMustBeSound(vif);
    await this.computeHost.changeContainer(
      'detach an interface from',
      instance,
      options,
      InterfaceDetachFailed,
      async ({ networks }, container, signal) => {
        await networks.detach(container, vif, signal);
      },
    );
  }
}

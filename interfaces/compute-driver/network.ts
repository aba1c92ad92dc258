import type { ImageMeta } from '../objects/image-meta.js';
import type { Instance } from '../objects/instance.js';
import type { NetworkInfo, VIF } from '../objects/network-info.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** Connecting instances. */
export interface NetworkVerbs {
  /**
   * Connects the container to its networks. None, which Nova passes where it knows nothing of them, connects nothing.
   * Can be repeated: an orchestrator does so for every instance when it starts.
   *
   * @throws VirtualInterfaceCreateException when an interface cannot be made.
   * Nova: `ComputeDriver.plug_vifs`.
   */
  plug_vifs(instance: Instance, network_info: NetworkInfo | null, options?: VerbOptions): Promise<void>;

  /**
   * Disconnects the container from its networks. Can be repeated, also when the container is gone.
   *
   * Nova: `ComputeDriver.unplug_vifs`.
   */
  unplug_vifs(instance: Instance, network_info: NetworkInfo | null, options?: VerbOptions): Promise<void>;

  /**
   * Adds an interface to a container, running or not. Can be repeated.
   *
   * @throws InterfaceAttachFailed when the engine cannot connect the container so: it is in that network already, the
   * addresses are taken.
   * @throws InstanceNotFound when there is no such instance.
   * Nova: `ComputeDriver.attach_interface`.
   */
  attach_interface(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    vif: VIF,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Takes an interface from a container, running or not. Can be repeated: an interface that the container does not have
   * is no error.
   *
   * @throws InterfaceDetachFailed when the engine cannot.
   * @throws InstanceNotFound when there is no such instance.
   * Nova: `ComputeDriver.detach_interface`.
   */
  detach_interface(
    context: RequestContext,
    instance: Instance,
    vif: VIF,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Prepares networks that the instance's volumes are reached through.
   *
   * Nova: `ComputeDriver.prepare_networks_before_block_device_mapping`.
   */
  prepare_networks_before_block_device_mapping(
    instance: Instance,
    network_info: NetworkInfo,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Takes back {@link prepare_networks_before_block_device_mapping} when the volumes could not be had.
   *
   * Nova: `ComputeDriver.clean_networks_preparation`.
   */
  clean_networks_preparation(
    instance: Instance,
    network_info: NetworkInfo,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Writes the network's settings into the instance.
   *
   * Nova: `ComputeDriver.inject_network_info`.
   */
  inject_network_info(instance: Instance, nw_info: NetworkInfo, options?: VerbOptions): Promise<void>;

  /**
   * The host to write on the instance's ports.
   *
   * @returns null where the instance has none.
   * Nova: `ComputeDriver.network_binding_host_id`.
   */
  network_binding_host_id(context: RequestContext, instance: Pick<Instance, 'host'>): Promise<string | null>;

  /**
   * Whether the driver writes the host on ports itself, so that the orchestrator must not.
   *
   * Nova: `ComputeDriver.manages_network_binding_host_id`.
   */
  manages_network_binding_host_id(): Promise<boolean>;
}

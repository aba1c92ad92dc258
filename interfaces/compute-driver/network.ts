import type { ImageMeta } from '../objects/image-meta.js';
import type { Instance } from '../objects/instance.js';
import type { NetworkInfo, VIF } from '../objects/network-info.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** Connecting instances to networks. */
export interface NetworkVerbs {
  /**
   * Connects the container to its networks. Null is a no-op: Nova passes None when it does not know the interfaces.
   * Idempotent: an orchestrator calls it for every instance when it starts.
   *
   * @throws VirtualInterfaceCreateException when an interface cannot be created.
   * Nova: `ComputeDriver.plug_vifs`.
   */
  plug_vifs(instance: Instance, network_info: NetworkInfo | null, options?: VerbOptions): Promise<void>;

  /**
   * Disconnects the container from its networks. Idempotent, also when the container is gone.
   *
   * Nova: `ComputeDriver.unplug_vifs`.
   */
  unplug_vifs(instance: Instance, network_info: NetworkInfo | null, options?: VerbOptions): Promise<void>;

  /**
   * Adds an interface to a container, running or not. Idempotent.
   *
   * @throws InterfaceAttachFailed when the engine cannot connect the container, for example because it already is in
   * that network, or an address is taken.
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
   * Removes an interface from a container, running or not. Idempotent: an interface that the container does not have is
   * not an error.
   *
   * @throws InterfaceDetachFailed when the engine cannot disconnect it.
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
   * Prepares the networks over which the instance's volumes are reached.
   *
   * Nova: `ComputeDriver.prepare_networks_before_block_device_mapping`.
   */
  prepare_networks_before_block_device_mapping(
    instance: Instance,
    network_info: NetworkInfo,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Reverts {@link prepare_networks_before_block_device_mapping} when the volumes could not be mapped.
   *
   * Nova: `ComputeDriver.clean_networks_preparation`.
   */
  clean_networks_preparation(
    instance: Instance,
    network_info: NetworkInfo,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Writes the network configuration into the instance.
   *
   * Nova: `ComputeDriver.inject_network_info`.
   */
  inject_network_info(instance: Instance, nw_info: NetworkInfo, options?: VerbOptions): Promise<void>;

  /**
   * Returns the host to which the instance's ports are bound.
   *
   * @returns null if the instance has no host.
   * Nova: `ComputeDriver.network_binding_host_id`.
   */
  network_binding_host_id(context: RequestContext, instance: Pick<Instance, 'host'>): Promise<string | null>;

  /**
   * Returns whether the driver itself binds ports to the host, so that the orchestrator must not.
   *
   * Nova: `ComputeDriver.manages_network_binding_host_id`.
   */
  manages_network_binding_host_id(): Promise<boolean>;
}

import PQueue from 'p-queue';
import type {
  CleanupOptions,
  DestroyOptions,
  DriverCapabilities,
  GetAvailableNodesOptions,
  GetInfoOptions,
  HostResources,
  ImageMeta,
  Instance,
  InstanceInfo,
  LongRunningOptions,
  NetworkInfo,
  PowerOffOptions,
  PowerOnOptions,
  RebootOptions,
  RebootType,
  RequestContext,
  SpawnOptions,
  UpdateTaskState,
  VerbOptions,
} from '../interfaces/index.js';
import {
  ComputeHostNotFound,
  InstanceDeployFailure,
  InstanceNotFound,
  InstancePowerOffFailure,
  InstancePowerOnFailure,
  InstanceRebootFailure,
  InstanceTerminationFailure,
  noCapabilities,
  NotImplementedError,
  NovaException,
  VirtualInterfaceCreateException,
} from '../interfaces/index.js';
import { ComputeHost } from './compute-host.js';
import type { DockerDriverOptions } from './driver-options.js';
import { silentLogger } from './driver-options.js';
import { hostResources, hostUptime, ownAddress } from './host/index.js';
import {
  consoleOutput,
  findInstance,
  instanceInfo,
  listInstances,
  pauseContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from './instances/index.js';
import { NovaDefaults } from './nova-defaults.js';
import { destroy, reboot, snapshot, spawn } from './verbs/index.js';

/**
 * Nova's virt driver for a Docker Engine: instances are containers. One driver serves one compute host; `init_host` comes first.
 *
 * Verbs on one instance run one after another. Every verb throws {@link HypervisorUnavailable} when the engine does not answer, and the
 * signal's reason when its signal aborts.
 */
export class DockerDriver extends NovaDefaults {
  readonly #host: ComputeHost;
  /** Events are told one after another: a listener that takes its time gets them in order. */
  readonly #telling = new PQueue({ concurrency: 1 });

  override readonly capabilities: DriverCapabilities = { ...noCapabilities, supports_image_type_raw: true };

  /**
   * Does nothing but check its options: nothing is asked of the engine before `init_host`.
   *
   * @throws InvalidInput naming each option that cannot be used.
   */
  constructor(options: DockerDriverOptions = {}) {
    super(options.logger ?? silentLogger);
    this.#host = new ComputeHost(options);
  }

  override async init_host(host: string, options: VerbOptions = {}): Promise<void> {
    await this.#host.start(host, (event) => void this.#telling.add(() => this.emit_event(event)), options);
  }

  override async cleanup_host(_host: string): Promise<void> {
    await this.#host.stop();
  }

  override async get_info(instance: Instance, options: GetInfoOptions = {}): Promise<InstanceInfo> {
    return await this.#host.look('look at', instance, options, (_node, container) =>
      Promise.resolve(instanceInfo(container)),
    );
  }

  override async instance_exists(instance: Instance, options: VerbOptions = {}): Promise<boolean> {
    return await this.get_info(instance, options).then(
      () => true,
      (error: unknown) => {
        if (error instanceof InstanceNotFound) return false;
        throw error;
      },
    );
  }

  override async list_instances(options: VerbOptions = {}): Promise<string[]> {
    const instances = await this.#host.ask('list the instances', options, ({ engine, host }) =>
      listInstances(engine, host, options.signal),
    );
    return instances.map(({ record }) => record.name);
  }

  override async list_instance_uuids(options: VerbOptions = {}): Promise<string[]> {
    const instances = await this.#host.ask('list the instances', options, ({ engine, host }) =>
      listInstances(engine, host, options.signal),
    );
    return instances.map(({ record }) => record.uuid);
  }

  override async spawn(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options: SpawnOptions = {},
  ): Promise<void> {
    await this.#host.change('spawn', instance, options, InstanceDeployFailure, async (node) => {
      await spawn(node, context, instance, image_meta, options);
    });
  }

  override async failed_spawn_cleanup(instance: Instance, options: VerbOptions = {}): Promise<void> {
    await this.#host.change('clean up', instance, options, InstanceTerminationFailure, async (node) => {
      await destroy(node, instance, { network_info: [], destroy_disks: true, destroy_vifs: true });
    });
  }

  override async destroy(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    { destroy_disks = true, ...options }: DestroyOptions = {},
  ): Promise<void> {
    await this.#host.change('destroy', instance, options, InstancePowerOffFailure, async (node) => {
      await destroy(node, instance, { network_info, destroy_disks, destroy_vifs: true });
    });
  }

  override async cleanup(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    { destroy_disks = true, destroy_vifs = true, ...options }: CleanupOptions = {},
  ): Promise<void> {
    await this.#host.change('clean up', instance, options, InstanceTerminationFailure, async (node) => {
      await destroy(node, instance, { network_info, destroy_disks, destroy_vifs });
    });
  }

  override async reboot(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    reboot_type: RebootType,
    options: RebootOptions = {},
  ): Promise<void> {
    await this.#host.changeContainer(
      'reboot',
      instance,
      options,
      InstanceRebootFailure,
      async (node, container) => {
        await reboot(node, instance, container, network_info, reboot_type, options.signal);
      },
    );
  }

  override async power_on(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    options: PowerOnOptions = {},
  ): Promise<void> {
    await this.#host.changeContainer(
      'power on',
      instance,
      options,
      InstancePowerOnFailure,
      async ({ engine, networks }, container) => {
        await networks.plug(container, network_info, options.signal);
        await startContainer(engine, container.Id);
      },
    );
  }

  override async power_off(instance: Instance, options: PowerOffOptions = {}): Promise<void> {
    const { timeout = 0, retry_interval = 0, signal } = options;
    await this.#host.changeContainerIfThere(
      'power off',
      instance,
      options,
      InstancePowerOffFailure,
      async ({ engine }, { Id: container }) => {
        await stopContainer(engine, container, { timeout, retry_interval, signal });
      },
    );
  }

  override async pause(instance: Instance, options: VerbOptions = {}): Promise<void> {
    await this.#host.changeContainer(
      'pause',
      instance,
      options,
      NovaException,
      async ({ engine }, { Id: container }) => {
        await pauseContainer(engine, container, options.signal);
      },
    );
  }

  override async unpause(instance: Instance, options: VerbOptions = {}): Promise<void> {
    await this.#host.changeContainer(
      'unpause',
      instance,
      options,
      NovaException,
      async ({ engine }, { Id: container }) => {
        await unpauseContainer(engine, container, options.signal);
      },
    );
  }

  override async plug_vifs(
    instance: Instance,
    network_info: NetworkInfo,
    options: VerbOptions = {},
  ): Promise<void> {
    await this.#host.changeContainerIfThere(
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
    await this.#host.change(
      'unplug',
      instance,
      options,
      NovaException,
      async ({ engine, host, networks }) => {
        await networks.unplug(await findInstance(engine, host, instance), network_info);
      },
    );
  }

  override async get_console_output(
    _context: RequestContext,
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<string> {
    return await this.#host.look('read the console of', instance, options, async ({ engine }, container) => {
      return await consoleOutput(engine, container, options.signal);
    });
  }

  override async snapshot(
    context: RequestContext,
    instance: Instance,
    image_id: string,
    update_task_state: UpdateTaskState,
    options: LongRunningOptions = {},
  ): Promise<void> {
    await this.#host.change('snapshot', instance, options, NovaException, async (node) => {
      await snapshot(node, context, instance, image_id, update_task_state, options);
    });
  }

  override async get_available_nodes(options: GetAvailableNodesOptions = {}): Promise<string[]> {
    return await this.#host.ask('list the nodes', options, ({ host }) => Promise.resolve([host]));
  }

  override async get_available_resource(nodename: string, options: VerbOptions = {}): Promise<HostResources> {
    return await this.#host.ask('tell the resources', options, async ({ engine, host }) => {
      if (nodename !== host) throw new ComputeHostNotFound(`This driver's node is ${host}, not ${nodename}`);
      const used = (await listInstances(engine, host, options.signal)).map(({ record }) => record);
      return await hostResources(engine, nodename, used, this.#host.settings.localGb);
    });
  }

  override get_host_uptime(): Promise<string> {
    if (!this.#host.isLocal)
      return Promise.reject(
        new NotImplementedError("The uptime of the engine's host is known only where it is this machine"),
      );
    return Promise.resolve(hostUptime());
  }

  override get_host_ip_addr(): Promise<string> {
    return Promise.resolve(this.#host.settings.myIp ?? ownAddress());
  }
}

import type {
  GetAvailableNodesOptions,
  HostCpuStats,
  HostResources,
  LifecycleEvent,
  ProviderTree,
  UpdateProviderTreeOptions,
  VerbOptions,
} from '../../interfaces/index.js';
import { ComputeHostNotFound, NotImplementedError, NovaException } from '../../interfaces/index.js';
import { flavorFigures, listInstances } from '../instances/index.js';
import {
  architectureTraits,
  hostCpuStats,
  hostResources,
  hostUptime,
  inventories,
  ownAddress,
} from '../host/index.js';
import PQueue from 'p-queue';
import { ComputeHost } from './compute-host.js';
import { EventStreams, type EventsOptions, type NamedLifecycleEvent } from './event-streams.js';
import type { DockerDriverOptions } from './options.js';
import { usableLogger } from '../common/index.js';
import { NovaDefaults } from './nova-defaults.js';
import {
  hostMustBeNamed,
  nodeMustBeNamed,
  optionsMustBeSound,
  providerTreeMustBeSound,
} from '../verbs/index.js';
import { namedUuid } from '../common/index.js';

/** The verbs that concern the host itself. */
export abstract class DockerHostVerbs extends NovaDefaults {
  /** @internal */
  protected readonly computeHost: ComputeHost;
  /** Serializes the calls to the listener: a slow listener gets its events in order and delays nothing else. */
  readonly #telling = new PQueue({ concurrency: 1 });

  readonly #streams: EventStreams;

  constructor(options: DockerDriverOptions) {
    super(usableLogger(options.logger));
    this.computeHost = new ComputeHost(options);
    this.#streams = new EventStreams(this.computeHost.logger);
  }

  /**
   * Returns the lifecycle events of this host's instances, beside Nova's listener: for use with `for await`. Events are
   * collected from this call on. The iteration ends, without an error, when the signal aborts, and when the driver leaves
   * the host. A reader that is more than 1000 events behind loses the oldest; a warning is logged then.
   *
   * @throws InvalidInput when an option is malformed.
   */
  events(options: EventsOptions = {}): AsyncGenerator<NamedLifecycleEvent, void, void> {
    optionsMustBeSound(options);
    return this.#streams.open(options);
  }

  /** Leaves the host as `cleanup_host` does: `await using driver = new DockerDriver()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  override async init_host(host: string, options: VerbOptions = {}): Promise<void> {
    hostMustBeNamed(host);
    const emit = async (event: LifecycleEvent): Promise<void> => {
      this.#streams.publish(event);
      await this.#telling.add(() => this.emit_event(event));
    };
    await this.computeHost.start(host, emit, options);
  }

  override async cleanup_host(host: string): Promise<void> {
    this.computeHost.mustServe(host);
    await this.#leave();
  }

  async #leave(): Promise<void> {
    await this.computeHost.stop();
    this.#streams.endAll();
    // The running call of the listener is not awaited: it may be the caller of this verb.
    this.#telling.clear();
  }

  override async get_available_nodes(options: GetAvailableNodesOptions = {}): Promise<string[]> {
    return await this.computeHost.ask('list the nodes', options, ({ host }) => Promise.resolve([host]));
  }

  override async get_nodenames_by_uuid(
    options: GetAvailableNodesOptions = {},
  ): Promise<Record<string, string>> {
    const nodes = await this.get_available_nodes(options);
    return Object.fromEntries(nodes.map((node) => [this.#nodeUuid(node), node]));
  }

  override async get_available_resource(nodename: string, options: VerbOptions = {}): Promise<HostResources> {
    nodeMustBeNamed(nodename);
    return await this.computeHost.ask(
      'tell the resources',
      options,
      async ({ engine, host, states: notes }, signal) => {
        if (nodename !== host)
          throw new ComputeHostNotFound(`This driver's node is ${host}, not ${nodename}`);
        const { isLocal, settings } = this.computeHost;
        if (!isLocal && settings.localGb === undefined)
          throw new NovaException(unknownHere('disk', 'localGb'));
        const instances = await listInstances(engine, host, signal);
        const resized = await notes.list('flavor', signal);
        const used = instances.map((listed) => flavorFigures(listed, resized));
        const node = { uuid: this.#nodeUuid(nodename), name: nodename };
        return await hostResources(engine, node, used, settings.localGb, signal);
      },
    );
  }

  override async update_provider_tree(
    provider_tree: ProviderTree,
    nodename: string,
    options: UpdateProviderTreeOptions = {},
  ): Promise<void> {
    providerTreeMustBeSound(provider_tree);
    const resources = await this.get_available_resource(nodename, options);
    const known = provider_tree.data(nodename).inventory;
    provider_tree.update_inventory(nodename, inventories(resources, this.computeHost.settings, known));
    const architecture = resources.supported_instances[0]?.[0] ?? '';
    provider_tree.add_traits(nodename, ...architectureTraits(architecture));
  }

  override async get_host_cpu_stats(): Promise<HostCpuStats> {
    if (!this.computeHost.isLocal)
      throw new NotImplementedError(
        "How the engine's host spends its time is known only where it is this machine",
      );
    return await hostCpuStats();
  }

  override get_host_uptime(): Promise<string> {
    if (!this.computeHost.isLocal)
      return Promise.reject(
        new NotImplementedError("The uptime of the engine's host is known only where it is this machine"),
      );
    return Promise.resolve(hostUptime());
  }

  override get_host_ip_addr(): Promise<string> {
    const { isLocal, settings } = this.computeHost;
    if (settings.myIp !== undefined) return Promise.resolve(settings.myIp);
    if (!isLocal) return Promise.reject(new NovaException(unknownHere('address', 'myIp')));
    return Promise.resolve(ownAddress());
  }

  #nodeUuid(node: string): string {
    return this.computeHost.settings.nodeUuid ?? namedUuid(nodeNamespace, node);
  }
}

/** The namespace of node ids that are derived from the host's name: a random uuid of this driver. */
const nodeNamespace = 'b1f7a4de-58b3-4a3c-9f41-0c3f5a6d2e97';

/** The message when a value cannot be read because the engine is on another machine. */
function unknownHere(what: string, option: keyof DockerDriverOptions): string {
  return `The ${what} of the engine's host is known only where it is this machine: set the driver's option ${option}`;
}

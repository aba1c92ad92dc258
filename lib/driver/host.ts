import type { GetAvailableNodesOptions, HostResources, VerbOptions } from '../../interfaces/index.js';
import { ComputeHostNotFound, NotImplementedError } from '../../interfaces/index.js';
import { listInstances } from '../instances/index.js';
import { hostResources, hostUptime, ownAddress } from '../host/index.js';
import PQueue from 'p-queue';
import { ComputeHost } from '../compute-host.js';
import type { DockerDriverOptions } from '../driver-options.js';
import { silentLogger } from '../driver-options.js';
import { NovaDefaults } from '../nova-defaults.js';

/** The verbs about the host itself. */
export abstract class DockerHostVerbs extends NovaDefaults {
  /** @internal */
  protected readonly computeHost: ComputeHost;
  /** Events are told one after another: a listener that takes its time gets them in order. */
  readonly #telling = new PQueue({ concurrency: 1 });

  constructor(options: DockerDriverOptions) {
    super(options.logger ?? silentLogger);
    this.computeHost = new ComputeHost(options);
  }

  override async init_host(host: string, options: VerbOptions = {}): Promise<void> {
    await this.computeHost.start(
      host,
      (event) => void this.#telling.add(() => this.emit_event(event)),
      options,
    );
  }

  override async cleanup_host(_host: string): Promise<void> {
    await this.computeHost.stop();
  }

  override async get_available_nodes(options: GetAvailableNodesOptions = {}): Promise<string[]> {
    return await this.computeHost.ask('list the nodes', options, ({ host }) => Promise.resolve([host]));
  }

  override async get_available_resource(nodename: string, options: VerbOptions = {}): Promise<HostResources> {
    return await this.computeHost.ask('tell the resources', options, async ({ engine, host }) => {
      if (nodename !== host) throw new ComputeHostNotFound(`This driver's node is ${host}, not ${nodename}`);
      const used = (await listInstances(engine, host, options.signal)).map(({ record }) => record);
      return await hostResources(engine, nodename, used, this.computeHost.settings.localGb);
    });
  }

  override get_host_uptime(): Promise<string> {
    if (!this.computeHost.isLocal)
      return Promise.reject(
        new NotImplementedError("The uptime of the engine's host is known only where it is this machine"),
      );
    return Promise.resolve(hostUptime());
  }

  override get_host_ip_addr(): Promise<string> {
    return Promise.resolve(this.computeHost.settings.myIp ?? ownAddress());
  }
}

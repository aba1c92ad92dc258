import PQueue from 'p-queue';
import type { Logger } from '../../interfaces/index.js';
import { SerialConsoles } from '../serial-consoles/index.js';
import type { DockerDriverOptions, Settings } from './options.js';
import { defaultImageDirectory } from './options.js';
import type { EngineAddress } from '../engine/index.js';
import { Engine, engineAddress } from '../engine/index.js';
import { DirectoryImageService, AbortableImageService } from '../image-services/index.js';
import { ImageLoader } from '../images/index.js';
import { InstanceStateStore, RootDisks } from '../instances/index.js';
import { isOwnLabel } from '../common/index.js';
import { Networks, HostSubnets } from '../network/index.js';
import type { ComputeNode } from '../verbs/index.js';
import { ServedRegistry } from './served-registry.js';

/** Whether an engine is on this machine. */
export const isLocal = (address: EngineAddress): boolean => 'socketPath' in address;

/** A compute node, with what the driver starts and ends itself. */
export interface AssembledNode extends ComputeNode {
  readonly snapshotReceiver: ServedRegistry | undefined;
}

/**
 * Creates the objects that the verbs of a host work with. Sends no request to the engine.
 *
 * @param host - Nova's name of the compute host.
 * @param address - the address of its engine.
 * @param options - the driver's options, for those that are objects or functions.
 * @param settings - the plain options, validated and with defaults.
 */
export function assembleNode(
  host: string,
  address: EngineAddress,
  options: DockerDriverOptions,
  settings: Settings,
  logger: Logger,
): AssembledNode {
  const { timeouts = {}, imageLimits = {}, virtapi, registry } = options;
  const { sharedDirectory, serialConsole } = settings;
  const engine = new Engine(address, { logger, timeouts, keepLabel: isOwnLabel });
  const imageService = new AbortableImageService(
    options.imageService ?? new DirectoryImageService({ directory: defaultImageDirectory() }),
  );
  return {
    host,
    isLocal: isLocal(address),
    engine,
    imageService,
    imageLoader: new ImageLoader({
      engine,
      imageService,
      host,
      limits: imageLimits,
      concurrency: settings.maxLoads,
      sharedDirectory,
      hasRegistry: registry !== undefined,
      logger,
    }),
    networks: new Networks({
      engine,
      host,
      logger,
      reserved: new HostSubnets({
        address,
        reservedSubnets: settings.reservedSubnets,
        servers: (signal) => imageService.servers({ signal }),
        logger,
      }),
    }),
    states: new InstanceStateStore(engine, host),
    launches: new PQueue({ concurrency: settings.maxLaunches }),
    policy: settings,
    rootDisks: new RootDisks({ engine, logger }),
    virtapi,
    snapshotReceiver:
      registry === undefined
        ? undefined
        : new ServedRegistry({ registry, imageLimits, imageService, isLocal: isLocal(address), logger }),
    serialConsoles:
      serialConsole === undefined ? undefined : new SerialConsoles({ ...serialConsole, logger }),
    migrationEngine: async (dest) => {
      const other = await options.migrationEngine?.(dest);
      return other === undefined
        ? undefined
        : new Engine(engineAddress(other), { logger, timeouts, keepLabel: isOwnLabel });
    },
    logger,
  };
}

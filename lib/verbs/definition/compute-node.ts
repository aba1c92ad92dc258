import type PQueue from 'p-queue';
import type { ImageService, Logger, VirtAPI } from '../../../interfaces/index.js';
import type { SerialConsoles } from '../../serial-consoles/index.js';
import type { Engine } from '../../engine/index.js';
import type { InventoryPolicy } from '../../host/index.js';
import type { ImageLoader, SnapshotReceiver } from '../../images/index.js';
import type {
  ConfigDrivePolicy,
  InstancePolicy,
  InstanceStateStore,
  RootDisks,
  VolumePolicy,
} from '../../instances/index.js';
import type { Networks, VifPluggingPolicy } from '../../network/index.js';

/** The driver options that concern snapshots. */
interface SnapshotPolicy {
  /** Whether an instance is paused during the commit. */
  readonly pauseForSnapshot: boolean;
  /**
   * Whether a snapshot holds a complete image, or only the layers above the image that the instance was booted from.
   */
  readonly snapshots: 'full' | 'delta';
}

/** The driver options that concern copies of instances' files. */
interface CopyPolicy {
  /** How many bytes an instance may have written, if its flavor sets no limit. */
  readonly maxCopiedBytes: number;
}

/** The driver options that concern the image cache. */
interface ImageCachePolicy {
  /** Seconds after which an unused image is removed. */
  readonly removeUnusedImagesAfterSeconds: number;
}

/** The driver options that concern the host. */
interface HostPolicy extends InventoryPolicy {
  /** The disk space for instances in GiB. Default: the size of the file system with the engine's data. */
  readonly localGb?: number | undefined;
  /** The id of the host's node. Default: derived from the host's name. */
  readonly nodeUuid?: string | undefined;
  /** The host's address. Default: this machine's first address. */
  readonly myIp?: string | undefined;
}

/** What is known of a host before the driver serves it. */
export interface HostFacts {
  /** Whether the engine is on this machine. */
  readonly isLocal: boolean;
  readonly policy: HostPolicy;
}

/** The driver options that verbs read. */
type ComputePolicy = InstancePolicy &
  VolumePolicy &
  ConfigDrivePolicy &
  VifPluggingPolicy &
  SnapshotPolicy &
  CopyPolicy &
  ImageCachePolicy &
  HostPolicy;

/** What a verb works with. It exists once `init_host` has told the driver the name of its host. */
export interface ComputeNode extends HostFacts {
  readonly host: string;
  readonly engine: Engine;
  readonly imageService: ImageService;
  readonly imageLoader: ImageLoader;
  readonly networks: Networks;
  readonly states: InstanceStateStore;
  /** Limits how many launches the engine works on at once: more would only slow down each of them. */
  readonly launches: PQueue;
  readonly policy: ComputePolicy;
  readonly rootDisks: RootDisks;
  /**
   * Connects to the engine of another host. The caller closes the client.
   *
   * @param dest - the host's address, as Nova knows it.
   * @returns undefined when the driver does not know that host's engine.
   */
  readonly migrationEngine: (dest: string) => Promise<Engine | undefined>;
  /** Receives snapshots that the engine pushes. Undefined if the driver has no registry. */
  readonly snapshotReceiver: SnapshotReceiver | undefined;
  /** Undefined if serial consoles are disabled. */
  readonly serialConsoles: SerialConsoles | undefined;
  /** The orchestrator's interface for waiting for events of other services. Undefined if the caller passed none. */
  readonly virtapi: VirtAPI | undefined;
  readonly logger: Logger;
}

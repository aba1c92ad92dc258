import type PQueue from 'p-queue';
import type { ImageService, Logger, VirtAPI } from '../../../interfaces/index.js';
import type { SerialConsoles } from '../../console/index.js';
import type { Engine } from '../../engine/index.js';
import type { ImageLoader } from '../../images/index.js';
import type {
  ConfigDrivePolicy,
  InstancePolicy,
  Notes,
  RootDisks,
  VolumePolicy,
} from '../../instances/index.js';
import type { Networks, VifPluggingPolicy } from '../../network/index.js';

/** What the operator's configuration says of snapshots. */
interface SnapshotPolicy {
  /** Whether an instance stands still while it is committed. */
  readonly pauseForSnapshot: boolean;
  /** Whether a snapshot holds all of an instance's image, or only what lies above the one that it was booted from. */
  readonly snapshots: 'full' | 'delta';
}

/** What the operator's configuration says of copies of instances' files. */
interface CopyPolicy {
  /** Bytes that an instance may have written when its flavor does not say. */
  readonly maxCopiedBytes: number;
}

/** What the operator's configuration says of what verbs do: the settings of the driver, as far as a verb reads them. */
type ComputePolicy = InstancePolicy &
  VolumePolicy &
  ConfigDrivePolicy &
  VifPluggingPolicy &
  SnapshotPolicy &
  CopyPolicy;

/** What a verb works with, once `init_host` has told the driver which host it is. */
export interface ComputeNode {
  readonly host: string;
  readonly engine: Engine;
  readonly imageService: ImageService;
  readonly imageLoader: ImageLoader;
  readonly networks: Networks;
  readonly states: Notes;
  /** Launches that the engine works on at once; more only make each of them slower. */
  readonly launches: PQueue;
  readonly policy: ComputePolicy;
  readonly rootDisks: RootDisks;
  /**
   * A client of the engine of another host, which its caller closes; undefined when the driver was not told where that
   * is.
   *
   * @param dest - the host's address, as Nova knows it.
   */
  readonly migrationEngine: (dest: string) => Promise<Engine | undefined>;
  /** Undefined where they are not enabled. */
  readonly serialConsoles: SerialConsoles | undefined;
  /** Whom to ask for what other services report. */
  readonly virtapi: VirtAPI | undefined;
  readonly logger: Logger;
}

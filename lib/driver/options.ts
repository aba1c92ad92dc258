import { availableParallelism, homedir } from 'node:os';
import { join, posix } from 'node:path';
import { z } from 'zod';
import type { ImageService, Logger, VirtAPI } from '../../interfaces/index.js';
import { InvalidInput } from '../../interfaces/index.js';
import type { PortRange } from '../console/index.js';
import type { EngineOptions, EngineTimeouts } from '../engine/index.js';
import { defaultTimeouts } from '../engine/index.js';
import type { ImageLimits } from '../archives/index.js';
import { defaultConcurrency } from '../images/index.js';
import { defaultImageLimits } from '../archives/index.js';
import { addressBlock } from '../network/index.js';
import { amounts, callback, count, imageService, logger, text, withMethods } from '../common/index.js';
import { isUuid } from '../common/index.js';

/** How a {@link DockerDriver} is set up. Everything may be left out. */
export interface DockerDriverOptions {
  /**
   * `unix:///run/docker.sock`, `tcp://host:2376`, or an object with TLS files; default: `DOCKER_HOST`, else the usual
   * socket.
   */
  readonly engine?: string | EngineOptions;
  /** Where images come from and snapshots go; default: a folder in the user's data directory. */
  readonly imageService?: ImageService;
  /**
   * A directory of this machine with files of images, each named by its image's id: an absolute path. An image's data
   * comes from there where it is, and from the image service where it is not, or is not what the image service has on
   * record. nova-docker: `shared_directory`. Default: none.
   */
  readonly sharedDirectory?: string;
  /**
   * Where the engine of another compute host is, for cold migration and resize to it: files go from engine to engine.
   * Asked with the host's address, as Nova's `migration.dest_host` has it; undefined when it is not known. Default:
   * instances do not leave their host.
   */
  readonly migrationEngine?: (
    dest: string,
  ) => string | EngineOptions | undefined | Promise<string | EngineOptions | undefined>;
  /** What the orchestrator offers to the driver. */
  readonly virtapi?: VirtAPI;
  /** Told what the driver does; default: nobody is. */
  readonly logger?: Logger;
  /** Milliseconds that the engine may take, for each kind of request. */
  readonly timeouts?: Partial<EngineTimeouts>;
  /** What an image may be at most. */
  readonly imageLimits?: Partial<ImageLimits>;
  /**
   * Bytes that an instance may have written for its files to be copied, by rescue, unrescue, snapshot and migration,
   * when its flavor does not say (`root_gb` 0). Default: 64 GiB.
   */
  readonly maxCopiedBytes?: number;
  /** Launches that the engine works on at once; default: twice the processors of this machine. */
  readonly maxLaunches?: number;
  /** Image loads that the engine works on at once; default 2. */
  readonly maxLoads?: number;
  /**
   * Seconds after which `manage_image_cache` removes an image that no instance uses any more; default a day. Nova:
   * `remove_unused_original_minimum_age_seconds`.
   */
  readonly removeUnusedImagesAfter?: number;
  /** Most processes of an instance whose flavor does not say; default 4096. */
  readonly pidsLimit?: number;
  /**
   * How much of what an instance prints its engine keeps, on its own disk: `maxFiles` files of `maxBytes` bytes each;
   * when the last one is full, the oldest is deleted. Default: 3 files of 10 MiB; at least 2 files of 1 MiB, so that
   * the console always shows the last 100 KiB. Applies to instances made from now on.
   */
  readonly logs?: { readonly maxBytes?: number; readonly maxFiles?: number };
  /** The block device that holds the engine's data (`/dev/sda`), which `quota:disk_*` of a flavor applies to. */
  readonly blockDevice?: string;
  /**
   * Whether a flavor with `docker:privileged=true` makes a privileged container; default false: such an instance is
   * refused.
   */
  readonly allowPrivileged?: boolean;
  /**
   * Which of the engine's volumes instances may be given, by name; `*` stands for any text. Default: none. Nothing in
   * an engine says whose a volume is: who may have which is for the one to know that sends it, as Cinder does.
   */
  readonly allowedVolumes?: readonly string[];
  /**
   * Directories of the engine's host: instances may be given those below them. Default: none. Symbolic links are not
   * looked through: there must be none below them that lead elsewhere.
   */
  readonly allowedHostPaths?: readonly string[];
  /**
   * Gives the instances spawned from now on a terminal, and `get_serial_console` a port of this machine's that carries
   * it; default: no terminals, no ports. The ports ask nobody who he is, as those of Nova's libvirt driver: only the
   * proxy of the serial consoles (`nova-serialproxy`) may reach them.
   */
  readonly serialConsole?: {
    /**
     * The IP address that the ports are opened on, and that is told to the proxy. Nova:
     * `serial_console.proxyclient_address`.
     */
    readonly address: string;
    /** The first and the last port; default 10000 to 20000. Nova: `serial_console.port_range`. */
    readonly ports?: PortRange;
  };
  /**
   * Whether every instance gets a config drive, as Nova's `force_config_drive` has it; default false: those that ask
   * for one.
   */
  readonly forceConfigDrive?: boolean;
  /**
   * What config drives tell every instance, in `vendor_data.json` and under `static` in `vendor_data2.json`; default:
   * nothing.
   */
  readonly vendorData?: Readonly<Record<string, unknown>>;
  /**
   * Seconds that a spawn with `virtapi` waits for the network service to report the instance's interfaces; default 300,
   * 0 does not wait.
   */
  readonly vifPluggingTimeout?: number;
  /** Whether a spawn fails when they are not reported in time; default true. */
  readonly vifPluggingIsFatal?: boolean;
  /** Whether an instance stands still while it is committed for a snapshot; default true. */
  readonly pauseForSnapshot?: boolean;
  /**
   * What a snapshot holds: `full`, all of an image, which needs no other; `delta`, only what lies above the image that
   * the instance was booted from, which must then stay as it is and where it is. One that cannot be a delta is saved as
   * a whole. Default `full`.
   */
  readonly snapshots?: 'full' | 'delta';
  /**
   * The disk for instances, GiB; default: that of the file system with the engine's data, which must be on this
   * machine.
   */
  readonly localGb?: number;
  /**
   * Virtual processors that may be given away for each one there is; default: what Placement has, else 4, as Nova's
   * `cpu_allocation_ratio`.
   */
  readonly cpuAllocationRatio?: number;
  /** The same for memory; default: what Placement has, else 1. */
  readonly ramAllocationRatio?: number;
  /** The same for the disk; default: what Placement has, else 1. */
  readonly diskAllocationRatio?: number;
  /** Processors that are not for instances; default 0. */
  readonly reservedHostCpus?: number;
  /** Mebibytes that are not for instances; default 512, as Nova's `reserved_host_memory_mb`. */
  readonly reservedHostMemoryMb?: number;
  /** Gibibytes that are not for instances; default 0. */
  readonly reservedHostDiskGb?: number;
  /**
   * The id of this host's compute node, told by `get_nodenames_by_uuid` and `get_available_resource`. It must be the one
   * on record in Nova, which keeps it in the file `compute_id`. Default: one that follows from the host's name alone.
   */
  readonly nodeUuid?: string;
  /** This host's address, told by `get_host_ip_addr`; default: this machine's first. */
  readonly myIp?: string;
  /**
   * Subnets that no network of instances may overlap on this host, as CIDR: `10.0.0.0/24`, `2001:db8::/64`. The engine's
   * bridge takes the route to its subnet, so name what the host talks to: its management networks, services behind its
   * default route, file servers. Where the engine is on this machine, its addresses and routes, name servers, and the
   * image service are reserved in addition; of a remote engine, only its own address. A spawn in such a network fails
   * with `ComputeResourcesUnavailable`. Default: none.
   */
  readonly reservedSubnets?: readonly string[];
}

const port = z.int().min(1).max(65_535);

const absolutePath = z
  .string()
  .refine(
    (path) => posix.isAbsolute(path) && posix.normalize(path) === path,
    'must be an absolute path without . and ..',
  );

/** Checks the plain values; what has methods is believed, and the engine's address is checked where it is read. */
const plainOptions = z.strictObject({
  engine: z.unknown().optional(),
  migrationEngine: callback.optional(),
  imageService: imageService.optional(),
  sharedDirectory: absolutePath.optional(),
  virtapi: withMethods('wait_for_instance_event').optional(),
  logger: logger.optional(),
  timeouts: amounts(defaultTimeouts).optional(),
  imageLimits: amounts(defaultImageLimits).optional(),
  maxCopiedBytes: count.default(64 * 1024 ** 3),
  maxLaunches: count.default(2 * availableParallelism()),
  maxLoads: count.default(defaultConcurrency),
  removeUnusedImagesAfter: z
    .int()
    .nonnegative()
    .default(24 * 60 * 60),
  pidsLimit: count.default(4096),
  logs: z
    .strictObject({
      maxBytes: z
        .int()
        .min(1024 * 1024)
        .default(10 * 1024 * 1024),
      maxFiles: z.int().min(2).default(3),
    })
    .prefault({}),
  blockDevice: z.string().startsWith('/').optional(),
  allowPrivileged: z.boolean().default(false),
  allowedVolumes: z.array(text).default([]),
  allowedHostPaths: z.array(absolutePath).default([]),
  serialConsole: z
    .strictObject({
      address: z
        .union([z.ipv4(), z.ipv6()])
        .refine((address) => !/^(0\.0\.0\.0|[0:]+)$/.test(address), 'must be one address, not all there are'),
      ports: z
        .tuple([port, port])
        .refine(([first, last]) => first <= last, 'must be the first port and the last')
        .default([10_000, 20_000]),
    })
    .optional(),
  forceConfigDrive: z.boolean().default(false),
  vendorData: z.record(z.string(), z.json()).default({}),
  vifPluggingTimeout: z.int().nonnegative().default(300),
  vifPluggingIsFatal: z.boolean().default(true),
  pauseForSnapshot: z.boolean().default(true),
  snapshots: z.enum(['full', 'delta']).default('full'),
  localGb: count.optional(),
  cpuAllocationRatio: z.number().positive().optional(),
  ramAllocationRatio: z.number().positive().optional(),
  diskAllocationRatio: z.number().positive().optional(),
  reservedHostCpus: z.int().nonnegative().default(0),
  reservedHostMemoryMb: z.int().nonnegative().default(512),
  reservedHostDiskGb: z.int().nonnegative().default(0),
  nodeUuid: z
    .string()
    .refine(isUuid, 'must be a UUID')
    .transform((uuid) => uuid.toLowerCase())
    .optional(),
  myIp: z.union([z.ipv4(), z.ipv6()]).optional(),
  reservedSubnets: z
    .array(z.string().refine((cidr) => addressBlock(cidr) !== undefined, 'must be a subnet: 10.0.0.0/24'))
    .default([]),
});

/** The plain options, checked and complete. */
export type Settings = z.output<typeof plainOptions>;

/**
 * Checks the options of a driver and fills in what was left out.
 *
 * @throws InvalidInput naming each option that cannot be used.
 */
export function settingsOf(options: DockerDriverOptions): Settings {
  const checked = plainOptions.safeParse(options);
  if (checked.success) return checked.data;
  throw new InvalidInput(`The driver cannot be set up: ${z.prettifyError(checked.error)}`, {
    cause: checked.error,
  });
}

/** Where images are kept when nothing else is said: the XDG base directory specification's place for a user's data. */
export function defaultImageDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const data = env['XDG_DATA_HOME'];
  return join(
    data === undefined || data === '' ? join(homedir(), '.local', 'share') : data,
    'nova-docker-driver',
    'images',
  );
}

import { availableParallelism, homedir } from 'node:os';
import { join, posix } from 'node:path';
import { z } from 'zod';
import type { ImageService, Logger, VirtAPI } from '../../interfaces/index.js';
import { InvalidInput } from '../../interfaces/index.js';
import type { PortRange } from '../serial-consoles/index.js';
import type { EngineOptions, EngineTimeouts } from '../engine/index.js';
import { defaultTimeouts } from '../engine/index.js';
import type { ImageLimits } from '../archives/index.js';
import { defaultConcurrency } from '../images/index.js';
import { defaultImageLimits } from '../archives/index.js';
import {
  addressBlock,
  amounts,
  callbackOf,
  count,
  type FieldsOf,
  GiB,
  imageService,
  logger,
  MiB,
  objectWith,
  text,
  unchecked,
} from '../common/index.js';
import { type DriverRegistryOptions, driverRegistryOptions } from '../registry/index.js';
import { isUuid } from '../common/index.js';
import { openFilesLimit } from './open-files-limit.js';

/** The options of a {@link DockerDriver}. All are optional. */
export interface DockerDriverOptions {
  /**
   * The engine's address: `unix:///run/docker.sock`, `tcp://host:2376`, or an object with TLS files. Default: the
   * environment variable `DOCKER_HOST`, else the usual socket.
   */
  readonly engine?: string | EngineOptions;
  /**
   * The image service that images are read from and snapshots are written to. Default: a directory in the user's data
   * directory.
   */
  readonly imageService?: ImageService;
  /**
   * The absolute path of a local directory with image files, each named by its image's id. An image's data is read from
   * there. If the file is missing or differs from the image service's record, the data is read from the image service.
   * Default: none. nova-docker: `shared_directory`.
   */
  readonly sharedDirectory?: string;
  /**
   * Finds the engine of another compute host for cold migration and resize: files are sent from engine to engine.
   *
   * It is called with the host's address as in Nova's `migration.dest_host`, and returns undefined for an unknown host.
   * Default: instances cannot move to another host.
   */
  readonly migrationEngine?: (
    dest: string,
  ) => string | EngineOptions | undefined | Promise<string | EngineOptions | undefined>;
  /**
   * The orchestrator's interface for waiting for events of other services. Default: none; a spawn then does not wait
   * for its interfaces.
   */
  readonly virtapi?: VirtAPI;
  /** The logger. Default: a no-op. */
  readonly logger?: Logger;
  /** The engine's timeouts in milliseconds, by kind of request. */
  readonly timeouts?: Partial<EngineTimeouts>;
  /** The limits on an image: its size, and the numbers of its entries and layers. */
  readonly imageLimits?: Partial<ImageLimits>;
  /**
   * How many bytes an instance may have written for rescue, unrescue, snapshot and migration to copy its files, if its
   * flavor sets no limit (`root_gb` 0). Also how many bytes a migration may copy of its anonymous volumes, on top of
   * the flavor's `ephemeral_gb`: volumes are not on the root disk. Default: 64 GiB.
   */
  readonly maxCopiedBytes?: number;
  /** The maximum number of concurrent launches in the engine. Default: twice this machine's number of processors. */
  readonly maxLaunches?: number;
  /** The maximum number of concurrent image loads in the engine. Default: 2. */
  readonly maxLoads?: number;
  /**
   * Seconds after which `manage_image_cache` removes an unused image. Default: 86400, a day. Nova:
   * `remove_unused_original_minimum_age_seconds`.
   */
  readonly removeUnusedImagesAfterSeconds?: number;
  /** The maximum number of processes of an instance, if its flavor sets none. Default: 4096. */
  readonly maxPids?: number;
  /**
   * How many files each process of an instance may have open: `soft` at first, `hard` after it has raised its limit.
   * Default: 1024 and 524288, what systemd gives to the services of a machine, but not more than this process may have
   * itself: an engine without the privilege to raise limits starts no instance that is to get more. Applies only to
   * instances that are created from now on.
   */
  readonly maxOpenFiles?: { readonly soft?: number; readonly hard?: number };
  /**
   * The size of an instance's log, which the engine keeps on its own disk: up to `maxFiles` files of `maxBytes` bytes
   * each. When the last file is full, the oldest is deleted.
   *
   * Default: 3 files of 10 MiB. Minimum: 2 files of 1 MiB, so that the console always shows the last 100 KiB. Applies
   * only to instances that are created from now on.
   */
  readonly logs?: { readonly maxBytes?: number; readonly maxFiles?: number };
  /**
   * The block device with the engine's data, such as `/dev/sda`. A flavor's `quota:disk_*` limits apply to it. Default:
   * none.
   */
  readonly blockDevice?: string;
  /**
   * Whether a flavor with `docker:privileged=true` gets a privileged container. Default: false, such an instance is
   * refused.
   */
  readonly allowPrivileged?: boolean;
  /**
   * The names of the engine's volumes that instances may mount; `*` matches any text. Default: none.
   *
   * An engine does not record a volume's owner. The service that sends the volumes, such as Cinder, must decide which
   * instance may have which volume.
   */
  readonly allowedVolumes?: readonly string[];
  /**
   * Directories of the engine's host below which instances may mount directories. Default: none.
   *
   * Symbolic links are not resolved: there must be none below these directories that lead elsewhere.
   */
  readonly allowedHostPaths?: readonly string[];
  /**
   * Enables serial consoles: new instances get a terminal, and `get_serial_console` opens a port of this machine that
   * carries its input and output. Default: no terminals, no ports.
   *
   * The ports are unauthenticated, like those of Nova's libvirt driver. Let only the serial console proxy
   * (`nova-serialproxy`) reach them.
   */
  readonly serialConsole?: {
    /**
     * The IP address on which the ports are opened, and which is sent to the proxy. Nova:
     * `serial_console.proxyclient_address`.
     */
    readonly address: string;
    /** The first and the last port. Default: 10000 to 20000. Nova: `serial_console.port_range`. */
    readonly ports?: PortRange;
  };
  /**
   * Whether every instance gets a config drive. Default: false, only instances that request one. Nova:
   * `force_config_drive`.
   */
  readonly forceConfigDrive?: boolean;
  /**
   * The vendor data of every config drive, in `vendor_data.json` and under `static` in `vendor_data2.json`. Default:
   * empty.
   */
  readonly vendorData?: Readonly<Record<string, unknown>>;
  /**
   * How many seconds a spawn with `virtapi` waits for the network service to report the instance's interfaces as
   * plugged. Default: 300. 0 disables the wait.
   */
  readonly vifPluggingTimeoutSeconds?: number;
  /** Whether a spawn fails when the interfaces are not reported in time. Default: true. */
  readonly vifPluggingIsFatal?: boolean;
  /** Whether an instance is paused during the commit of a snapshot. Default: true. */
  readonly pauseForSnapshot?: boolean;
  /**
   * What a snapshot contains. `full`: a complete image, independent of any other. `delta`: only the layers above the
   * image that the instance was booted from; that image must then stay available and unchanged. A snapshot that cannot
   * be a delta is uploaded in full. Default: `full`.
   */
  readonly snapshots?: 'full' | 'delta';
  /**
   * Runs an {@link ImageRegistry} from `init_host` to `cleanup_host`, with the driver's image service. People push and pull
   * images there. The engine pushes delta snapshots to it if it has containerd's image store, and then sends only what
   * the instance changed. Default: none.
   */
  readonly registry?: DriverRegistryOptions;
  /**
   * The disk space for instances in GiB. Default: the size of the file system with the engine's data, which must then
   * be on this machine.
   */
  readonly localGb?: number;
  /**
   * Allocatable virtual processors per physical one. Default: the value in Placement, else 4. Nova:
   * `cpu_allocation_ratio`.
   */
  readonly cpuAllocationRatio?: number;
  /** Allocatable memory, as a multiple of the physical memory. Default: the value in Placement, else 1. */
  readonly ramAllocationRatio?: number;
  /** Allocatable disk space, as a multiple of the physical one. Default: the value in Placement, else 1. */
  readonly diskAllocationRatio?: number;
  /** Processors reserved for the host. Default: 0. */
  readonly reservedHostCpus?: number;
  /** Memory reserved for the host in MiB. Default: 512. Nova: `reserved_host_memory_mb`. */
  readonly reservedHostMemoryMb?: number;
  /** Disk space reserved for the host in GiB. Default: 0. */
  readonly reservedHostDiskGb?: number;
  /**
   * The id of this host's compute node, as `get_nodenames_by_uuid` and `get_available_resource` return it. It must
   * equal the id in Nova's records, which Nova keeps in the file `compute_id`. Default: an id derived from the host's
   * name.
   */
  readonly nodeUuid?: string;
  /**
   * This host's address, as `get_host_ip_addr` returns it. Default: this machine's first address; none for a remote
   * engine.
   */
  readonly myIp?: string;
  /**
   * Subnets that no instance network on this host may overlap, in CIDR notation: `10.0.0.0/24`, `2001:db8::/64`.
   * Default: none.
   *
   * The engine's bridge takes over the route to a network's subnet. Therefore list everything that the host
   * communicates with: management networks, services behind its default route, file servers. If the engine is on this
   * machine, the machine's addresses, routes and name servers, and the image service are reserved too; for a remote
   * engine, only the engine's address. A spawn in an overlapping network throws `ComputeResourcesUnavailable`.
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

/**
 * Validates the plain options. Of objects, only the presence of their methods is checked; the engine's address is
 * validated where it is parsed.
 */
const plainOptions = z.strictObject({
  engine: unchecked<string | EngineOptions>().optional(),
  migrationEngine: callbackOf<NonNullable<DockerDriverOptions['migrationEngine']>>().optional(),
  imageService: imageService.optional(),
  sharedDirectory: absolutePath.optional(),
  virtapi: objectWith<VirtAPI>('wait_for_instance_event').optional(),
  logger: logger.optional(),
  timeouts: amounts(defaultTimeouts).optional(),
  imageLimits: amounts(defaultImageLimits).optional(),
  maxCopiedBytes: count.default(64 * GiB),
  maxLaunches: count.default(2 * availableParallelism()),
  maxLoads: count.default(defaultConcurrency),
  removeUnusedImagesAfterSeconds: z
    .int()
    .nonnegative()
    .default(24 * 60 * 60),
  maxPids: count.default(4096),
  maxOpenFiles: z
    .strictObject({ soft: count.optional(), hard: count.optional() })
    .prefault({})
    .transform(openFilesLimit)
    .refine(({ soft, hard }) => soft <= hard, 'soft must not be more than hard'),
  logs: z
    .strictObject({
      maxBytes: z
        .int()
        .min(MiB)
        .default(10 * MiB),
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
        .refine(
          (address) => !/^(0\.0\.0\.0|[0:]+)$/.test(address),
          'must be one address, not the wildcard address',
        ),
      ports: z
        .tuple([port, port])
        .refine(([first, last]) => first <= last, 'must be the first port and the last port, in this order')
        .default([10_000, 20_000]),
    })
    .optional(),
  forceConfigDrive: z.boolean().default(false),
  vendorData: z.record(z.string(), z.json()).default({}),
  vifPluggingTimeoutSeconds: z.int().nonnegative().default(300),
  vifPluggingIsFatal: z.boolean().default(true),
  pauseForSnapshot: z.boolean().default(true),
  snapshots: z.enum(['full', 'delta']).default('full'),
  registry: driverRegistryOptions.optional(),
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
    .array(
      z.string().refine((cidr) => addressBlock(cidr) !== undefined, 'must be a subnet such as 10.0.0.0/24'),
    )
    .default([]),
} satisfies FieldsOf<DockerDriverOptions>);

/** The plain options, validated and with defaults. */
export type Settings = z.output<typeof plainOptions>;

/**
 * Validates the options of a driver and fills in the defaults.
 *
 * @throws InvalidInput naming each invalid option.
 */
export function settingsOf(options: DockerDriverOptions): Settings {
  const checked = plainOptions.safeParse(options);
  if (checked.success) return checked.data;
  throw new InvalidInput(`The driver cannot be set up: ${z.prettifyError(checked.error)}`, {
    cause: checked.error,
  });
}

/** The default image directory: the user's data directory by the XDG Base Directory Specification. */
export function defaultImageDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const data = env['XDG_DATA_HOME'];
  return join(
    data === undefined || data === '' ? join(homedir(), '.local', 'share') : data,
    'nova-docker-driver',
    'images',
  );
}

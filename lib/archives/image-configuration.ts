import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isOwnLabel, KiB, MiB, sha256Digest } from '../common/index.js';
import { ArchiveRefused, shown } from './archive-refused.js';
import { goStruct, hasFractions, parseGoJson, why } from './go-json.js';
import { goTime } from './go-time.js';
import { recordedAside, restoredFromRecord } from './recorded-aside.js';

// Go decodes null as the zero value of any type.

const string = z.string().nullable().transform(orEmpty);
const strings = z.array(string).nullish();
/** A text that is passed to the kernel: a NUL would end it early, and no host could start the container. */
const text = z.string().refine((value) => !value.includes('\0'), 'has a NUL');
const texts = z.array(text.nullable().transform(orEmpty)).nullish();
/** Engines also accept a command as a single string. */
const command = z
  .union([text.transform((word) => [word]), texts], 'is not a list of strings, or has a NUL')
  .nullish();
const set = z
  .record(
    z.string(),
    z
      .object({})
      .nullable()
      .transform(() => ({})),
  )
  .nullish();
/** A signed 64-bit integer; a JavaScript number is only an approximation of it. */
const integer = z
  .number()
  .refine((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 63, 'is not a 64-bit integer')
  .nullish();
const time = goTime.nullish();

/** Durations are in nanoseconds. */
const healthcheck = goStruct({
  Test: texts,
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer,
});

/** Engines parse these fields in an image's configuration, and do not use them. */
const ofContainersOnly = [
  ...['Hostname', 'Domainname', 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty', 'OpenStdin'],
  ...['StdinOnce', 'Image', 'NetworkDisabled', 'MacAddress'],
];

/**
 * Validated here, because engines with containerd's image store load any configuration, and cannot read it afterwards.
 */
const containerConfiguration = goStruct(
  {
    User: text.nullish(),
    ExposedPorts: set,
    Env: texts,
    Entrypoint: command,
    Cmd: command,
    Volumes: set,
    WorkingDir: text.nullish(),
    Labels: z.record(z.string(), string).nullish(),
    StopSignal: z.string().nullish(),
    StopTimeout: integer,
    Healthcheck: healthcheck.nullish(),
    OnBuild: texts,
    Shell: texts,
    ArgsEscaped: z.boolean().nullish(),
  },
  ofContainersOnly,
);

const historyEntry = goStruct({
  created: time,
  created_by: z.string().nullish(),
  author: z.string().nullish(),
  comment: z.string().nullish(),
  empty_layer: z.boolean().nullish(),
});

const rootFileSystem = goStruct({
  /** Engines for Linux know only layers, and ignore the field. */
  type: z
    .string()
    .nullish()
    .transform(() => 'layers' as const),
  diff_ids: z.array(z.string().regex(sha256Digest)).min(1),
});

const imageConfiguration = goStruct(
  {
    architecture: z.string().nullish(),
    variant: z.string().nullish(),
    /** Engines compare it without regard to letter case. */
    os: z
      .string()
      .transform((os) => os.toLowerCase())
      .nullish(),
    'os.version': z.string().nullish(),
    'os.features': strings,
    created: time,
    author: z.string().nullish(),
    comment: z.string().nullish(),
    config: containerConfiguration.nullish(),
    rootfs: rootFileSystem,
    history: z
      .array(historyEntry.nullable().transform((entry): z.output<typeof historyEntry> => entry ?? {}))
      .nullish(),
  },
  // Fields that engines wrote before 2016; a commit still writes them.
  ['id', 'parent', 'container', 'container_config', 'docker_version', 'Size'],
);

/**
 * An image's configuration in the OCI image specification: its layers, and the settings that containers inherit. It has
 * only the fields that engines use.
 */
export type ImageConfiguration = z.output<typeof imageConfiguration>;

/** The settings that containers inherit from an image. */
export type ContainerConfiguration = z.output<typeof containerConfiguration>;

/**
 * Parses an image's configuration as engines do.
 *
 * @throws ArchiveRefused when engines cannot read the configuration or may read it differently, or when it is for
 * another operating system.
 */
export function parseConfiguration(path: string, text: string): ImageConfiguration {
  const result = imageConfiguration.safeParse(parseGoJson(path, text));
  if (!result.success)
    throw new ArchiveRefused(
      `has the configuration ${shown(path)}, which engines cannot read or may read in another way: ${why(result.error)}`,
      result.error,
    );
  const os = result.data.os ?? '';
  if (os !== '' && os !== 'linux')
    throw new ArchiveRefused(`is for the operating system ${shown(os)}, not for linux`);
  return result.data;
}

/**
 * Returns the configuration that is sent to an engine: only the fields that engines use, without large labels and
 * ports, which every container would repeat in lists and events. Those move to a record in the image's history; see
 * {@link recordedAside}.
 *
 * @throws ArchiveRefused when the settings that containers inherit exceed a limit.
 */
export function configurationForEngine(configuration: ImageConfiguration): ImageConfiguration {
  const whole = { ...configuration, ...restoredFromRecord(configuration) };
  const foreign = { ...whole, ...withoutOwnLabels(whole.config) };
  const given = { ...foreign, ...recordedAside(foreign) };
  validateInheritedSize(given.config ?? {});
  return given;
}

/** An image must not give its containers labels that the driver believes, such as those of a rescue. */
function withoutOwnLabels(
  config: ContainerConfiguration | null | undefined,
): Pick<ImageConfiguration, 'config'> {
  const labels = Object.entries(config?.Labels ?? {});
  const foreign = labels.filter(([name]) => !isOwnLabel(name));
  if (foreign.length === labels.length) return {};
  return { config: { ...config, Labels: Object.fromEntries(foreign) } };
}

/**
 * Encodes a configuration. It returns the original bytes if engines read the same from them, so that the image keeps
 * its digest. Engines do not read numbers such as `1e1`, and replace other bytes of malformed UTF-8 than this driver.
 */
export function configurationBytes(configuration: object, original: Buffer): Buffer {
  const text = original.toString('utf8');
  const isSame =
    isUtf8(original) && !hasFractions(text) && isDeepStrictEqual(JSON.parse(text), configuration);
  return isSame ? original : Buffer.from(JSON.stringify(configuration));
}

/** Maximum bytes of command, entrypoint and volumes: engines repeat them in every list of containers. */
const maxListedBytes = 64 * KiB;
/**
 * Maximum bytes of all inherited settings. Engines hold them in memory for each container, and rewrite them on every
 * state change.
 */
const maxInheritedBytes = MiB;
/**
 * Maximum number of volumes. Each is a directory and a mount on the host, and half a kilobyte in every list of
 * containers.
 */
const maxVolumes = 128;

function validateInheritedSize(config: ContainerConfiguration): void {
  const volumes = Object.keys(config.Volumes ?? {}).length;
  if (volumes > maxVolumes)
    throw new ArchiveRefused(`declares ${volumes} volumes: ${maxVolumes} are allowed`);
  const listed = bytesOf([config.Cmd, config.Entrypoint, config.Volumes]);
  if (listed > maxListedBytes)
    throw new ArchiveRefused(
      `declares ${listed} bytes of command and volumes: ${maxListedBytes} are allowed`,
    );
  const inherited = bytesOf(config);
  if (inherited > maxInheritedBytes)
    throw new ArchiveRefused(
      `declares ${inherited} bytes of environment and other settings: ${maxInheritedBytes} are allowed`,
    );
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function orEmpty(value: string | null): string {
  return value ?? '';
}

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isOwnLabel } from '../common/index.js';
import { ArchiveRefused, shown } from './archive-refused.js';
import { goStruct, parseJson, why } from './go-json.js';
import { recordedAside, restoredFromRecord } from './recorded-aside.js';

// Go takes null for the zero value of whatever it reads.

const string = z.string().nullable().transform(orEmpty);
const strings = z.array(string).nullish();
/** A text that the kernel is given: no host can start a container with one that ends within. */
const text = z.string().refine((value) => !value.includes('\0'), 'has a NUL');
const texts = z.array(text.nullable().transform(orEmpty)).nullish();
/** Engines take a command as one word, too. */
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
/** 64 bits with a sign, which a JavaScript number holds only roughly. */
const integer = z
  .number()
  .refine((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 63, 'is not a 64-bit integer')
  .nullish();
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/, 'is not a time of RFC 3339')
  .nullish();

/** Durations are in nanoseconds. */
const healthcheck = goStruct({
  Test: texts,
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer,
});

/** Engines read them in an image's configuration, and make no use of them. */
const ofContainersOnly = [
  ...['Hostname', 'Domainname', 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty', 'OpenStdin'],
  ...['StdinOnce', 'Image', 'NetworkDisabled', 'MacAddress'],
];

/** With containerd's store, engines load whatever it is, and cannot read then what they have loaded. */
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
  type: z
    .enum(['layers', ''])
    .nullish()
    .transform(() => 'layers' as const),
  diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).min(1),
});

const imageConfiguration = goStruct(
  {
    architecture: z.string().nullish(),
    variant: z.string().nullish(),
    os: z.string().nullish(),
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
  // What engines wrote before 2016, and commits still do.
  ['id', 'parent', 'container', 'container_config', 'docker_version', 'Size'],
);

/**
 * An image's configuration, as the OCI image specification has it: its layers, and what containers of it inherit. Only
 * the fields that engines make use of.
 */
export type ImageConfiguration = z.output<typeof imageConfiguration>;

/** What containers of an image inherit. */
export type ContainerConfiguration = z.output<typeof containerConfiguration>;

/**
 * Reads an image's configuration as engines do.
 *
 * @throws ArchiveRefused when engines cannot read it, may read something else in it, or it is for another operating
 * system.
 */
export function parseConfiguration(path: string, text: string): ImageConfiguration {
  const result = imageConfiguration.safeParse(parseJson(path, text));
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
 * What an engine is given of an image's configuration: the fields that it makes use of, without those that every
 * container would repeat in lists and events. These stay on record in the image's history.
 *
 * @throws ArchiveRefused when containers of the image would take more of the engine than an image may ask for.
 */
export function configurationForEngine(configuration: ImageConfiguration): ImageConfiguration {
  const whole = { ...configuration, ...restoredFromRecord(configuration) };
  const foreign = { ...whole, ...withoutOwnLabels(whole.config) };
  const given = { ...foreign, ...recordedAside(foreign) };
  mustBeShort(given.config ?? {});
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
 * A configuration in bytes: those that it was read from, where it says the same as they do, so that the image keeps the
 * digest by which others know it.
 */
export function configurationBytes(configuration: object, original: Buffer): Buffer {
  const before: unknown = JSON.parse(original.toString('utf8'));
  return isDeepStrictEqual(before, configuration) ? original : Buffer.from(JSON.stringify(configuration));
}

const KiB = 1024;

/** Bytes of the command and the volumes: engines repeat them in every list of containers. */
const longestListed = 64 * KiB;
/** Bytes of all that engines keep in memory for each container, and write anew whenever its state changes. */
const longestInherited = 1024 * KiB;
/** Each is a directory and a mount of the host, and half a kilobyte in every list of containers. */
const mostVolumes = 128;

function mustBeShort(config: ContainerConfiguration): void {
  const volumes = Object.keys(config.Volumes ?? {}).length;
  if (volumes > mostVolumes)
    throw new ArchiveRefused(`gives its containers ${volumes} volumes: ${mostVolumes} are allowed`);
  const listed = bytesOf([config.Cmd, config.Entrypoint, config.Volumes]);
  if (listed > longestListed)
    throw new ArchiveRefused(
      `gives its containers ${listed} bytes of command and volumes: ${longestListed} are allowed`,
    );
  const inherited = bytesOf(config);
  if (inherited > longestInherited)
    throw new ArchiveRefused(
      `gives its containers ${inherited} bytes of environment and other settings: ${longestInherited} are allowed`,
    );
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function orEmpty(value: string | null): string {
  return value ?? '';
}

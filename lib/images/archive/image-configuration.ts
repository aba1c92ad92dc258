import { z } from 'zod';
import { ArchiveRefused, shown } from './archive-refused.js';

/** A text that the kernel is given: no host can start a container with one that ends within. */
const text = z.string().refine((value) => !value.includes('\0'), 'has a NUL');
const texts = z.array(text).nullish();
/** Engines take a command as one word, too. */
const command = z.union([text, texts], 'is no command, or has a NUL').nullish();
const set = z.record(z.string(), z.looseObject({}).nullable()).nullish();

/** Nanoseconds. */
const duration = z.int().nullish();
const healthcheck = z
  .looseObject({
    Test: texts,
    Interval: duration,
    Timeout: duration,
    StartPeriod: duration,
    StartInterval: duration,
    Retries: z.int().nullish(),
  })
  .nullish();

/** With containerd's store, engines load whatever it is, and cannot read then what they have loaded. */
const containerConfiguration = z.looseObject({
  User: text.nullish(),
  ExposedPorts: set,
  Env: texts,
  Entrypoint: command,
  Cmd: command,
  Volumes: set,
  WorkingDir: text.nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  StopSignal: z.string().nullish(),
  StopTimeout: z.int().nullish(),
  Healthcheck: healthcheck,
  OnBuild: texts,
  Shell: texts,
});

const imageConfiguration = z.looseObject({
  architecture: z.string().optional(),
  os: z.string().optional(),
  config: containerConfiguration.nullish(),
  rootfs: z.looseObject({
    type: z.literal('layers'),
    diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).min(1),
  }),
});

/** An image's configuration, as the OCI image specification has it: its layers, and what containers of it inherit. */
export type ImageConfiguration = z.output<typeof imageConfiguration>;

/** What containers of an image inherit. */
export type ContainerConfiguration = z.output<typeof containerConfiguration>;

/**
 * Reads an image's configuration.
 *
 * @throws ArchiveRefused when it is not one, or is for another operating system.
 */
export function parseConfiguration(path: string, text: string): ImageConfiguration {
  const json = parseJson(path, text);
  const result = imageConfiguration.safeParse(json);
  if (!result.success)
    throw new ArchiveRefused(
      `has a configuration, ${shown(path)}, that is not one: ${why(result.error)}`,
      result.error,
    );
  const configuration = result.data;
  const { os = '' } = configuration;
  if (os !== '' && os !== 'linux')
    throw new ArchiveRefused(`is for the operating system ${shown(os)}, not for linux`);
  mustBeShort(configuration.config ?? {});
  mustBePlain(configuration, ['architecture', 'config', 'history', 'os', 'rootfs']);
  mustBePlain(configuration.rootfs, ['type', 'diff_ids']);
  return configuration;
}

/**
 * Parses JSON from the archive.
 *
 * @throws ArchiveRefused when it is not JSON, or cannot be handled as what it is.
 */
export function parseJson(path: string, text: string): unknown {
  const json = parsed(path, text);
  mustBeHandy(path, json, deepest);
  return json;
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ArchiveRefused(`holds ${shown(path)}, which is not JSON`, cause);
  }
}

/** Far more levels than any image has, and far fewer than engines read (10000) or can be gone through. */
const deepest = 100;

function mustBeHandy(path: string, value: unknown, levels: number): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ArchiveRefused(`holds ${shown(path)}, which has a number that is too large`);
  if (typeof value !== 'object' || value === null) return;
  if (levels === 0) throw new ArchiveRefused(`holds ${shown(path)}, which is nested too deep`);
  for (const inner of Object.values(value)) mustBeHandy(path, inner, levels - 1);
}

/** The first things that are wrong, in one line. */
export function why(error: z.ZodError): string {
  const most = 3;
  return error.issues
    .slice(0, most)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}

/**
 * Bytes of what an engine repeats of an image in every list and event of its containers: much of it, and no list can be
 * read any more.
 */
const longestListed = 64 * 1024;

function mustBeShort(config: ContainerConfiguration): void {
  const listed = [config.Labels, config.Cmd, config.Entrypoint, config.Volumes, config.ExposedPorts];
  const bytes = Buffer.byteLength(JSON.stringify(listed));
  if (bytes > longestListed)
    throw new ArchiveRefused(
      `gives its containers ${bytes} bytes of labels, command, volumes and ports: ${longestListed} are allowed`,
    );
}

/**
 * Engines are written in Go, whose JSON reader takes `RootFS` for `rootfs`, and the last of them wins. A configuration
 * that says one thing to us and another to the engine could name layers that were never checked.
 */
function mustBePlain(object: object, names: readonly string[]): void {
  for (const key of Object.keys(object)) {
    // Go folds two letters beyond ASCII: the long s and the sign for Kelvin.
    const folded = key.normalize('NFKC').toLowerCase();
    if (names.includes(folded) && key !== folded)
      throw new ArchiveRefused(`has a configuration with the ambiguous field ${shown(key)}`);
  }
}

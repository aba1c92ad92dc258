import { split } from 'shlex';
import {
  type ImageMeta,
  type Instance,
  ComputeResourcesUnavailable,
  InvalidInput,
  ImageUnacceptable,
  type Flavor,
  FlavorDiskTooSmall,
  FlavorMemoryTooSmall,
} from '../../../interfaces/index.js';
import type { ContainerSpecification, HostConfiguration, ImageRef, NetworkPart } from '../../engine/index.js';
import { hostNames } from './host-names.js';
import { type SpawnAttempt, instanceLabels } from './instance-labels.js';
import { type LogBound, logConfiguration } from './log-configuration.js';
import { type ResourcePolicy, resourceLimits } from './resource-limits.js';
import { shutdownTimeout } from './shutdown-timeout.js';

/** The operator's settings for all instances. */
export interface InstancePolicy extends ResourcePolicy {
  /**
   * Whether `docker:privileged=true` in a flavor creates a privileged container; otherwise such a flavor is refused.
   */
  readonly allowPrivileged: boolean;
  readonly logs: LogBound;
  /** Where the instances' terminals are served; undefined creates containers without a terminal. */
  readonly serialConsole?: object | undefined;
}

/**
 * Disables the image's health check. The engine runs its command, repeatedly and without a pause if the image says so,
 * and no limit of the instance bounds the engine's work. Nova does not use the result.
 */
export const noHealthcheck = { Test: ['NONE'] } as const;

/**
 * The specification of an instance's container for the engine, without its networks: see {@link withNetworks}.
 *
 * @throws InvalidInput, ImageUnacceptable, ComputeResourcesUnavailable when the instance, the image or the flavor
 * requests something that is malformed or not supported.
 */
export function containerSpecification(
  instance: Instance,
  image: { readonly meta: ImageMeta; readonly reference: ImageRef },
  attempt: SpawnAttempt,
  policy: InstancePolicy,
): ContainerSpecification {
  const command = image.meta.properties?.['os_command_line'];
  const { hosts, ...names } = hostNames(instance);
  return {
    Image: image.reference,
    ...(command === undefined || command === null ? {} : { Cmd: commandLine(command) }),
    ...names,
    Env: metadataEnvironment(instance),
    Labels: instanceLabels(instance, image.meta.id, attempt),
    // With an open stdin, a shell as the image's command waits for input, as at a login, instead of ending at once.
    OpenStdin: true,
    ...(policy.serialConsole === undefined ? {} : { Tty: true }),
    StopTimeout: shutdownTimeout(instance, image.meta),
    Healthcheck: noHealthcheck,
    HostConfig: {
      ...resourceLimits(instance, policy),
      ...hosts,
      ...privileges(instance, policy),
      LogConfig: logConfiguration(policy.logs),
    },
  };
}

/** The specification of a container in its networks. */
export function withNetworks(
  specification: ContainerSpecification,
  network: NetworkPart,
): ContainerSpecification {
  return {
    ...specification,
    ...network,
    Labels: { ...specification.Labels, ...network.Labels },
    HostConfig: { ...specification.HostConfig, ...network.HostConfig },
  };
}

/**
 * The instance's metadata as environment variables, `NAME=value`.
 *
 * @throws InvalidInput when a key is not valid as the name of a variable.
 */
function metadataEnvironment(instance: Instance): string[] {
  return Object.entries(instance.metadata ?? {}).map(([name, value]) => {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0'))
      throw new InvalidInput(`The metadata item ${JSON.stringify(name)} cannot be an environment variable`);
    return `${name}=${value}`;
  });
}

function privileges(instance: Instance, policy: InstancePolicy): HostConfiguration {
  if (instance.flavor.extra_specs?.['docker:privileged'] !== 'true')
    return { Privileged: false, SecurityOpt: ['no-new-privileges'] };
  if (!policy.allowPrivileged)
    throw new ComputeResourcesUnavailable(
      'The flavor asks for a privileged container (docker:privileged), which this host does not allow',
    );
  return { Privileged: true };
}

/** Bytes. Engines repeat a container's command in every list. */
const maxCommandLineBytes = 64 * 1024;

/**
 * Splits the image property `os_command_line` into a command and its arguments, like a POSIX shell.
 *
 * @throws ImageUnacceptable when it is empty or a quote is not closed.
 */
function commandLine(value: unknown): string[] {
  if (typeof value !== 'string') throw unusable(value, 'it is not text');
  if (Buffer.byteLength(value) > maxCommandLineBytes)
    throw new ImageUnacceptable(`The image's os_command_line has more than ${maxCommandLineBytes} bytes`);
  let words: string[];
  try {
    words = split(value);
  } catch (error) {
    throw unusable(value, 'a quote or a backslash is not closed', error);
  }
  if (words.length === 0) throw unusable(value, 'it is empty');
  if (value.includes('\0')) throw unusable(value, 'it has a NUL');
  return words;
}

function unusable(value: unknown, why: string, cause?: unknown): ImageUnacceptable {
  return new ImageUnacceptable(
    `The image's os_command_line ${JSON.stringify(value)} cannot be used: ${why}`,
    { cause },
  );
}

/**
 * Checks an image's metadata against the flavor.
 *
 * @throws ImageUnacceptable when its container format is not `docker`.
 * @throws FlavorDiskTooSmall, FlavorMemoryTooSmall when it needs more than the flavor has.
 */
export function validateImageFits(image: ImageMeta, flavor: Flavor): void {
  const { container_format, min_disk, min_ram } = image;
  if (container_format !== undefined && container_format !== null && container_format !== 'docker')
    throw new ImageUnacceptable(
      `Image ${image.id} has the container format ${container_format}: only docker images can be booted`,
    );
  if (flavor.root_gb > 0 && (min_disk ?? 0) > flavor.root_gb)
    throw new FlavorDiskTooSmall(
      `Image ${image.id} needs a root disk of ${String(min_disk)} GiB, and the flavor has ${flavor.root_gb}`,
    );
  if ((min_ram ?? 0) > flavor.memory_mb)
    throw new FlavorMemoryTooSmall(
      `Image ${image.id} needs ${String(min_ram)} MiB of memory, and the flavor has ${flavor.memory_mb}`,
    );
}

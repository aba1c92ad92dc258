import type { ImageMeta, Instance } from '../../interfaces/index.js';
import { ComputeResourcesUnavailable, InvalidInput } from '../../interfaces/index.js';
import type { ContainerSpecification, HostConfiguration, ImageRef, NetworkPart } from '../engine/index.js';
import { commandLine } from './command-line.js';
import { hostNames } from './host-names.js';
import type { SpawnAttempt } from './instance-labels.js';
import { instanceLabels } from './instance-labels.js';
import type { LogBound } from './log-configuration.js';
import { logConfiguration } from './log-configuration.js';
import type { ResourcePolicy } from './resource-limits.js';
import { resourceLimits } from './resource-limits.js';
import { shutdownTimeout } from './shutdown-timeout.js';

/** What the operator's configuration says of every instance. */
export interface InstancePolicy extends ResourcePolicy {
  /** Whether a flavor with `docker:privileged=true` makes a privileged container; refused otherwise. */
  readonly allowPrivileged: boolean;
  readonly logs: LogBound;
  /** Where the terminals of instances can be reached; none has one where that is undefined. */
  readonly serialConsole?: object | undefined;
}

/**
 * An image may have a command run in its containers again and again without a pause. It is the engine that starts it
 * each time, which no limit of the instance bounds, and Nova has no use for what comes of it.
 */
export const noHealthcheck = { Test: ['NONE'] } as const;

/**
 * An instance as a container: what the engine is asked to create.
 *
 * @throws InvalidInput, ImageUnacceptable, ComputeResourcesUnavailable when instance, image or flavor ask for what
 * cannot be.
 */
export function containerSpecification(
  instance: Instance,
  image: { readonly meta: ImageMeta; readonly reference: ImageRef },
  network: NetworkPart,
  attempt: SpawnAttempt,
  policy: InstancePolicy,
): ContainerSpecification {
  const command = image.meta.properties?.['os_command_line'];
  const { hosts, ...names } = hostNames(instance, network);
  return {
    Image: image.reference,
    ...(command === undefined || command === null ? {} : { Cmd: commandLine(command) }),
    ...names,
    Env: metadataEnvironment(instance),
    Labels: instanceLabels(instance, image.meta.id, attempt),
    // A shell as the image's command waits for input, like a login on a console, instead of ending at once.
    OpenStdin: true,
    ...(policy.serialConsole === undefined ? {} : { Tty: true }),
    StopTimeout: shutdownTimeout(instance, image.meta),
    Healthcheck: noHealthcheck,
    ...network,
    HostConfig: {
      ...resourceLimits(instance, policy),
      ...network.HostConfig,
      ...hosts,
      ...privileges(instance, policy),
      LogConfig: logConfiguration(policy.logs),
    },
  };
}

/**
 * The variables that an instance's metadata become, as `NAME=value`.
 *
 * @throws InvalidInput when a key cannot be the name of a variable.
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

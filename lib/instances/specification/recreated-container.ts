import type {
  ContainerConfiguration,
  ContainerId,
  ContainerSpecification,
  ImageReference,
} from '../../engine/index.js';
import { label } from '../../common/index.js';
import type { InstancePolicy } from './container-specification.js';
import { logConfiguration } from './log-configuration.js';
import { noHealthcheck } from './container-specification.js';
import type { SpawnAttempt } from './instance-labels.js';
import { processLimits } from './resource-limits.js';

/**
 * The specification of a container that differs from another only in its image, networks, log and open files: same configuration,
 * same labels, same volumes. It has no networks yet: see {@link withNetworks}.
 *
 * @param other - the container to copy from: its id and its labels.
 */
export function recreatedContainer(
  { Config: configuration, HostConfig: host }: ContainerConfiguration,
  other: { readonly id: ContainerId; readonly labels: Readonly<Record<string, string>> },
  image: ImageReference,
  attempt: SpawnAttempt,
  policy: Pick<InstancePolicy, 'logs' | 'maxOpenFiles'>,
): ContainerSpecification {
  return {
    ...configuration,
    // The networks alone define the container's interfaces.
    MacAddress: '',
    Healthcheck: noHealthcheck,
    Image: image,
    Labels: {
      ...other.labels,
      [label.powerOn]: String(attempt.power_on),
      [label.attempt]: attempt.id,
      [label.rescuedContainer]: '',
      [label.rescuedNetworks]: '',
    },
    // A mount without a volume name would create a new volume, so all mounts come from the other container.
    HostConfig: {
      ...host,
      Mounts: [],
      VolumesFrom: [other.id],
      LogConfig: logConfiguration(policy.logs),
      // Older versions of the driver left them to the engine.
      Ulimits: processLimits(policy),
    },
  };
}

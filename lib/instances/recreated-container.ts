import type {
  ContainerConfiguration,
  ContainerId,
  ContainerSpecification,
  ImageReference,
  NetworkPart,
} from '../engine/index.js';
import { label } from '../common/index.js';
import type { LogBound } from './log-configuration.js';
import { logConfiguration } from './log-configuration.js';
import { noHealthcheck } from './container-specification.js';
import type { SpawnAttempt } from './instance-labels.js';

/**
 * A container like another one, of another image: it has all that the other was made with, and the very volumes that it
 * has.
 *
 * @param labels - those of the other one.
 */
export function recreatedContainer(
  { Config: configuration, HostConfig: host }: ContainerConfiguration,
  other: { readonly id: ContainerId; readonly labels: Readonly<Record<string, string>> },
  image: ImageReference,
  network: NetworkPart,
  attempt: SpawnAttempt,
  logs: LogBound,
): ContainerSpecification {
  return {
    ...configuration,
    // The container's interfaces are those of `network` alone.
    MacAddress: '',
    Healthcheck: noHealthcheck,
    ...network,
    Image: image,
    Labels: {
      ...other.labels,
      [label.powerOn]: String(attempt.power_on),
      [label.attempt]: attempt.id,
      [label.rescuedContainer]: '',
      [label.rescuedNetworks]: '',
    },
    // Mounts that name no volume would be new ones; all there are come from the other container.
    HostConfig: {
      ...host,
      ...network.HostConfig,
      Mounts: [],
      VolumesFrom: [other.id],
      LogConfig: logConfiguration(logs),
    },
  };
}

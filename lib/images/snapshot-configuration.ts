import type { ImageInspect } from '../engine/index.js';
import { isOwnLabel } from '../common/index.js';
import { restoredFromRecord, type ImageConfiguration } from '../archives/index.js';

/**
 * Fields that containers inherit from their image unchanged. All other fields of a container's configuration (host
 * name, terminal, …) belong to the container.
 */
const inherited = new Set(
  'ArgsEscaped Cmd Entrypoint ExposedPorts OnBuild Shell StopSignal User Volumes WorkingDir'.split(' '),
);

type BootedConfiguration = NonNullable<ImageInspect['Config']>;

/**
 * Builds the configuration of a snapshot without the instance's own data: the driver's labels, environment variables
 * made from metadata, the disabled health check, the host name and the container's id. Restores labels and ports of the
 * image that the driver did not let the container inherit.
 *
 * @param committed - the configuration that the engine wrote.
 * @param booted - the configuration of the container's image. Its environment replaces the committed one: metadata can
 * change during an instance's life, so the driver cannot tell which variables came from metadata.
 */
export function snapshotConfiguration(
  committed: ImageConfiguration,
  booted: Partial<Pick<BootedConfiguration, 'Env' | 'Healthcheck'>> | null | undefined,
): object {
  const { Env: environment = [], Healthcheck: healthcheck } = booted ?? {};
  const whole = { ...committed, ...restoredFromRecord(committed) };
  return {
    ...whole,
    config: {
      ...selected({ ...whole.config }, (name) => inherited.has(name)),
      Env: environment,
      ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
      Labels: selected(whole.config?.Labels ?? {}, (name) => !isOwnLabel(name)),
    },
  };
}

function selected(record: Readonly<Record<string, unknown>>, isWanted: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => isWanted(name)));
}

import type { ImageInspect } from '../engine/index.js';
import { isOwnLabel } from '../common/index.js';
import { restoredFromRecord, type ImageConfiguration } from '../archives/index.js';

/**
 * What an image gives to its containers and they leave as it is. All else in a container's configuration (host name,
 * terminal, …) is the container's own.
 */
const inherited = new Set(
  'ArgsEscaped Cmd Entrypoint ExposedPorts OnBuild Shell StopSignal User Volumes WorkingDir'.split(' '),
);

type BootedConfiguration = NonNullable<ImageInspect['Config']>;

/**
 * The configuration of an image that was made from an instance, without what belongs to the instance: the driver's
 * labels, the environment that its metadata became, that its health is not checked, its host name, its container's id.
 * It has the labels and ports of the image again that containers of it did not inherit.
 *
 * @param committed - what the engine wrote.
 * @param booted - what the image says to its containers that the instance's container was made of. Metadata can change
 * while an instance lives, so what came from it can be told only by what did not.
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

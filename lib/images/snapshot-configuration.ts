import { label } from '../labels.js';
import type { ImageConfiguration } from './archive/index.js';

/**
 * What an image gives to its containers. All else in a container's configuration (host name, terminal, …) is the
 * container's own.
 */
const inherited = new Set(
  'ArgsEscaped Cmd Entrypoint Env ExposedPorts Healthcheck Labels OnBuild Shell StopSignal User Volumes WorkingDir'.split(
    ' ',
  ),
);

/** What an engine writes about the container that it committed. */
const ofContainer = new Set(['container', 'container_config']);

const ownLabels = new Set<string>(Object.values(label));

/**
 * The configuration of an image that was made from an instance, without what belongs to the instance: the driver's
 * labels, the environment that its metadata became, its host name, its container's id.
 *
 * @param committed - what the engine wrote.
 * @param environment - that of the image that the instance was booted from. Metadata can change while an instance
 * lives, so what came from it can be told only by what did not.
 */
export function snapshotConfiguration(committed: ImageConfiguration, environment: readonly string[]): object {
  return {
    ...selected(committed, (name) => !ofContainer.has(name)),
    config: {
      ...selected(committed.config ?? {}, (name) => inherited.has(name)),
      Env: environment,
      Labels: selected(committed.config?.Labels ?? {}, (name) => !ownLabels.has(name)),
    },
  };
}

function selected(record: Readonly<Record<string, unknown>>, isWanted: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => isWanted(name)));
}

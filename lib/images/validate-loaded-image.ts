import { isDeepStrictEqual } from 'node:util';
import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ArchivedImage } from '../archives/index.js';
import type { ImageInspect } from '../engine/index.js';

/**
 * Verifies that the engine's image equals what the archive held.
 *
 * @throws ImageUnacceptable when the two differ.
 */
export function validateLoadedImage(
  image_id: string,
  expected: Pick<ArchivedImage, 'id' | 'configuration'>,
  loaded: ImageInspect,
): void {
  const differs = (what: string): ImageUnacceptable =>
    new ImageUnacceptable(`The engine loaded image ${image_id} with other content: the ${what} differs`);
  if (!isDeepStrictEqual(loaded.RootFS.Layers, expected.configuration.rootfs.diff_ids))
    throw differs('list of layers');
  // Classic stores use the configuration's digest as the id, so equal ids prove equality. containerd's store uses the
  // manifest's digest.
  if (loaded.Id === expected.id) return;
  const config = expected.configuration.config ?? {};
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['user', config.User, loaded.Config?.User],
    ['environment', config.Env, loaded.Config?.Env],
    ['entry point', config.Entrypoint, loaded.Config?.Entrypoint],
    ['command', config.Cmd, loaded.Config?.Cmd],
    ['working directory', config.WorkingDir, loaded.Config?.WorkingDir],
    ['labels', config.Labels, loaded.Config?.Labels],
    ['volumes', config.Volumes, loaded.Config?.Volumes],
    ['stop signal', config.StopSignal, loaded.Config?.StopSignal],
  ];
  for (const [what, ours, theirs] of pairs) {
    if (!isDeepStrictEqual(plain(ours), plain(theirs))) throw differs(what);
  }
}

/** Normalizes a value: engines omit empty values or write null, and may write a command of one word as a string. */
function plain(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined;
  return value;
}

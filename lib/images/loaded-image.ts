import { isDeepStrictEqual } from 'node:util';
import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ImageInspect } from '../engine/index.js';
import type { ArchivedImage } from '../archives/index.js';

/**
 * Checks that what the engine says it loaded is what the archive held.
 *
 * @throws ImageUnacceptable when it is not.
 */
export function mustBeLoaded(
  image_id: string,
  expected: Pick<ArchivedImage, 'id' | 'configuration'>,
  loaded: ImageInspect,
): void {
  const differs = (what: string): ImageUnacceptable =>
    new ImageUnacceptable(`Image ${image_id} is not what the engine made of it: the ${what} differs`);
  if (!isDeepStrictEqual(loaded.RootFS.Layers, expected.configuration.rootfs.diff_ids))
    throw differs('list of layers');
  // Classic stores name an image by its configuration's digest, so that nothing is left to compare; the containerd
  // store by its manifest's.
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

/** Engines leave out what is empty, or write it as null; a command of one word may stand alone. */
function plain(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined;
  return value;
}

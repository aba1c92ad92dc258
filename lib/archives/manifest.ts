import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { ArchiveRefused } from './archive-refused.js';
import { entryPath } from './entry-path.js';
import { goStructInAnyCase, parseGoJson, why } from './go-json.js';
import { validateLayerLimit, type ImageLimits } from './limits.js';

/** The manifest of a `docker save` archive: it tells which files are the configuration and the layers. */
export const manifestPath = 'manifest.json';

/** What a manifest references, as normalized paths. */
export interface Manifest {
  readonly configuration: string;
  /** From the base up. */
  readonly layers: readonly string[];
}

/**
 * The schema ignores the names that the archive claims (`RepoTags`), its parent, and other locations of its layers
 * (`LayerSources`): they are untrusted, and the rewritten archive omits them.
 */
const manifests = z.array(
  goStructInAnyCase({ Config: z.string().min(1), Layers: z.array(z.string().min(1)).nullish() }, [
    'RepoTags',
    'Parent',
    'LayerSources',
  ]),
);

/**
 * Parses an archive's manifest.
 *
 * @throws ArchiveRefused when it is malformed, does not describe exactly one image (once or several times), has a path
 * outside the archive, or has more layers than the limit.
 */
export function parseManifest(text: string, { maxLayers }: ImageLimits): Manifest {
  const result = manifests.safeParse(parseGoJson(manifestPath, text));
  if (!result.success)
    throw new ArchiveRefused(`has a ${manifestPath} that engines cannot read: ${why(result.error)}`);
  const [image, ...rest] = result.data;
  const others = rest.filter((other) => !isDeepStrictEqual(other, image));
  if (image === undefined) throw new ArchiveRefused('holds no image: its manifest is empty');
  if (others.length > 0)
    throw new ArchiveRefused(`holds ${others.length + 1} images: an archive must hold one`);
  const layers = image.Layers ?? [];
  validateLayerLimit(layers.length, maxLayers);
  const named = 'names in its manifest';
  return {
    configuration: entryPath(image.Config, named),
    layers: layers.map((layer) => entryPath(layer, named)),
  };
}

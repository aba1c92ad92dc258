import { z } from 'zod';
import { ArchiveRefused, shown } from './archive-refused.js';
import { entryPath } from './entry-path.js';
import { goStruct, parseJson, why } from './go-json.js';
import type { ImageLimits } from './limits.js';

/** The file that says what the other files of an archive are. */
export const manifestPath = 'manifest.json';

/** What an archive says that it holds: paths in their one spelling. */
export interface Manifest {
  readonly configuration: string;
  /** From the base up. */
  readonly layers: readonly string[];
}

const layerSource = goStruct(
  { mediaType: z.string().optional(), urls: z.array(z.unknown()).nullish() },
  ['size', 'digest', 'annotations', 'platform'],
);

/** The names that the archive claims (`RepoTags`) and its parent are not read: they mean nothing. */
const manifests = z.array(
  goStruct(
    {
      Config: z.string().min(1),
      Layers: z.array(z.string().min(1)).nullable(),
      LayerSources: z.record(z.string(), layerSource).nullish(),
    },
    ['RepoTags', 'Parent'],
  ),
);

/**
 * Reads an archive's manifest.
 *
 * @throws ArchiveRefused when it does not describe exactly one image whose parts are all in the archive.
 */
export function parseManifest(text: string, { maxLayers }: ImageLimits): Manifest {
  const result = manifests.safeParse(parseJson(manifestPath, text));
  if (!result.success)
    throw new ArchiveRefused(`has a ${manifestPath} that is not one: ${why(result.error)}`, result.error);
  const [image, ...others] = result.data;
  if (image === undefined) throw new ArchiveRefused('holds no image: its manifest is empty');
  if (others.length > 0)
    throw new ArchiveRefused(`holds ${others.length + 1} images: an archive must hold one`);
  const layers = image.Layers ?? [];
  if (layers.length > maxLayers)
    throw new ArchiveRefused(`has ${layers.length} layers, which is more than the ${maxLayers} allowed`);
  for (const [id, { mediaType = '', urls }] of Object.entries(image.LayerSources ?? {})) {
    if ((urls ?? []).length > 0 || /foreign|nondistributable/.test(mediaType))
      throw new ArchiveRefused(`has the layer ${shown(id)}, which is to be fetched from elsewhere`);
  }
  const named = 'names in its manifest';
  return {
    configuration: entryPath(image.Config, named),
    layers: layers.map((layer) => entryPath(layer, named)),
  };
}

/** What a manifest says of itself and its parts, as far as it tells whether it is that of an image. */
interface Parts {
  readonly artifactType?: string | null | undefined;
  readonly config: { readonly mediaType?: string | null | undefined };
  readonly layers: readonly { readonly mediaType?: string | null | undefined }[];
}

type MediaType = string | null | undefined;

/** Whether it is that of a list of manifests. */
export const isIndexType = (type: MediaType): boolean =>
  /\.image\.index\.v1\+json$|manifest\.list\.v2\+json$/.test(type ?? '');

/** Whether it can be that of an image's manifest, as far as it is said. */
export const isManifestType = (type: MediaType): boolean =>
  (type ?? '') === '' || /\.image\.manifest\.v1\+json$|distribution\.manifest\.v2\+json$/.test(type ?? '');

/**
 * Whether a manifest is that of an image, by the types of its parts. Registries and layouts keep what is about an image
 * in manifests, too, which name parts of other kinds: signatures, lists of packages (SBOM), charts.
 */
export function mayBeImage({ artifactType, config, layers }: Parts): boolean {
  const type = config.mediaType ?? artifactType ?? '';
  const isConfiguration = /^$|\.image\.config\.v1\+json$|container\.image\.v1\+json$/.test(type);
  const areLayers = layers.every(({ mediaType }) =>
    /^$|\.image\.layer\.|image\.rootfs\./.test(mediaType ?? ''),
  );
  return isConfiguration && areLayers;
}

/**
 * Of images for several variants of an architecture (`v6`, `v7`), those that run on all its processors: those without
 * one, or for the lowest.
 */
export function lowestVariant<T>(images: readonly T[], variantOf: (image: T) => MediaType): T[] {
  const rank = (image: T): number => Number(/^v(\d+)/.exec(variantOf(image) ?? '')?.[1] ?? 0);
  const lowest = Math.min(...images.map(rank));
  return images.filter((image) => rank(image) === lowest);
}

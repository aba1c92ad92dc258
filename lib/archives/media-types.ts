/** The fields of a manifest that tell whether it describes an image. */
interface Parts {
  readonly artifactType?: string | null | undefined;
  readonly config: { readonly mediaType?: string | null | undefined };
  readonly layers: readonly { readonly mediaType?: string | null | undefined }[];
}

type MediaType = string | null | undefined;

/** Whether a media type is that of an index (a list of manifests). */
export const isIndexType = (type: MediaType): boolean =>
  /\.image\.index\.v1\+json$|manifest\.list\.v2\+json$/.test(type ?? '');

/** Whether a media type can be that of an image manifest. An unstated type can. */
export const isManifestType = (type: MediaType): boolean =>
  (type ?? '') === '' || /\.image\.manifest\.v1\+json$|distribution\.manifest\.v2\+json$/.test(type ?? '');

/**
 * Whether a manifest describes an image, judged by the media types of its parts. Registries and layouts also store data
 * about images as manifests, with parts of other types: signatures, software bills of materials (SBOM), Helm charts.
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
 * Selects the images that run on all processors of an architecture: those without a variant (`v6`, `v7`), or else those
 * for the lowest variant.
 */
export function lowestVariant<T>(images: readonly T[], variantOf: (image: T) => MediaType): T[] {
  const rank = (image: T): number => Number(/^v(\d+)/.exec(variantOf(image) ?? '')?.[1] ?? 0);
  const lowest = Math.min(...images.map(rank));
  return images.filter((image) => rank(image) === lowest);
}

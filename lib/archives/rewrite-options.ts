import type { Compression } from './compression.js';
import type { ContainerConfiguration, ImageConfiguration } from './image-configuration.js';
import type { ImageLimits } from './limits.js';
import type { StoredLayer } from './oci-manifest.js';
import type { ArchiveLayout } from './write-image.js';

/** The layers of a base image. The rewritten archive omits them, whether or not the source has them. */
export interface LayersBelow {
  /** Their diff ids. The image's layers must begin with them. */
  readonly layers: readonly string[];
  /** The same layers as containerd's store keeps them. The layout `oci` needs them. */
  readonly stored?: readonly StoredLayer[] | undefined;
  /**
   * Whether the file at a path is one of these layers; called while the archive streams through. If it is wrong about a
   * layer above the base, verification at the end reports that layer missing.
   */
  readonly holds?: (path: string) => boolean;
  /** Receives small files that are not layers, as they arrive. */
  readonly onMetadata?: (path: string, content: Buffer) => void;
}

/** Options of `rewriteArchive`. */
export interface RewriteOptions {
  /** The subject of the sentences in error messages: `Image 70a599e0`. */
  readonly subject: string;
  /** The only reference that the rewritten archive claims. Default: none. */
  readonly reference?: string;
  /** Default: `docker`. */
  readonly layout?: ArchiveLayout;
  readonly limits?: Partial<ImageLimits>;
  /** Changes the configuration, and thereby the image's id. The result is written as JSON. */
  readonly rewriteConfiguration?: (configuration: ImageConfiguration) => object;
  /**
   * Returns the settings that containers inherit; called if the archive is a root file system. Default: such an archive
   * is refused.
   */
  readonly rootFileSystem?: () => ContainerConfiguration;
  /**
   * The architecture of the image to select if an OCI layout has several, in Go's spelling: `amd64`. Default: an
   * archive with several images is refused.
   */
  readonly architecture?: string;
  /**
   * Called for each layer that is not plain tar, after it was validated. If it throws, the archive fails with that
   * error. Not every engine decompresses every format.
   */
  readonly validateLayerCompression?: (compression: Compression) => void | Promise<void>;
  /**
   * Called before the end of the archive with the number of the image's layers, including those below. If it throws,
   * the archive fails with that error.
   */
  readonly validateLayerCount?: (count: number) => Promise<void>;
  /** The layers that are omitted. Default: none. */
  readonly below?: LayersBelow;
  /** Called with the `layerName` of each layer when the layer begins, and with undefined when it ends. */
  readonly onLayer?: (layer: string | undefined) => void;
  /** Aborts the rewrite: the archive and its source are destroyed with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

import type { OnProgress } from '../../interfaces/index.js';

/** Callbacks that connect an archive reader, which knows the layers, with a byte counter. */
interface FollowedLayers {
  /** Called by the archive reader with the layer that it reads; undefined while it reads something else. */
  readonly onLayer: (layer: string | undefined) => void;
  /** Called by the byte counter. */
  readonly onProgress: OnProgress;
}

/** Adds the current layer to progress reports when one component counts the bytes and another knows the layers. */
export function followingLayers(onProgress: OnProgress | undefined): FollowedLayers {
  let current: string | undefined;
  return {
    onLayer: (layer) => (current = layer),
    onProgress: (progress) => {
      // The byte counter may be slightly ahead of the archive reader. The last report of a phase must have no layer.
      const isAtEnd = progress.bytes === progress.total;
      onProgress?.(current === undefined || isAtEnd ? progress : { ...progress, layer: current });
    },
  };
}

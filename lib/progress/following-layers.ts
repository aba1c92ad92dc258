import type { OnProgress } from '../../interfaces/index.js';

/** Bytes that flow through a reader of archives, which knows what they belong to. */
interface FollowedLayers {
  /** To be told the layer that the reader is at; undefined when it is at something else. */
  readonly onLayer: (layer: string | undefined) => void;
  /** For whoever counts the bytes. */
  readonly onProgress: OnProgress;
}

/** Has reports of bytes tell the layer that they belong to, when one counts the bytes and another knows the layers. */
export function followingLayers(onProgress: OnProgress | undefined): FollowedLayers {
  let current: string | undefined;
  return {
    onLayer: (layer) => (current = layer),
    onProgress: (progress) => {
      // Who counts the bytes may be a little ahead of who knows the layers, and then be at the end.
      const isAtEnd = progress.bytes === progress.total;
      onProgress?.(current === undefined || isAtEnd ? progress : { ...progress, layer: current });
    },
  };
}

import type { ImageInspect } from '../../engine/index.js';
import { label } from '../../labels.js';

const ownLabels = new Set<string>(Object.values(label));

/**
 * The configuration of an image that has the same to say to its containers as another one, and other layers.
 *
 * @param layers - their digests, from the base up.
 * @param bootedBytes - what the image that the instance was booted from has.
 */
export function configurationAbove(
  image: ImageInspect,
  layers: readonly string[],
  bootedBytes: number,
): object {
  const { Architecture: architecture, Os: os, Config: config } = image;
  const labels = Object.entries(config?.Labels ?? {}).filter(([name]) => !ownLabels.has(name));
  return {
    architecture,
    os,
    config: {
      ...config,
      Labels: { ...Object.fromEntries(labels), [label.bootedBytes]: String(bootedBytes) },
    },
    rootfs: { type: 'layers', diff_ids: layers },
  };
}

import type { ImageInspect } from '../../engine/index.js';
import { isOwnLabel } from '../../labels.js';
import { recordedAside, recordEntries, restoredFromRecord } from '../archive/index.js';

/**
 * The configuration of an image that has the same to say to its containers as another one, and other layers.
 *
 * @param layers - their digests, from the base up.
 */
export function configurationAbove(image: ImageInspect, layers: readonly string[]): object {
  const { Architecture: architecture, Os: os, Config: config, Comment: comment } = image;
  const labels = Object.entries(config?.Labels ?? {}).filter(([name]) => !isOwnLabel(name));
  const inspected = {
    config: { ...config, Labels: Object.fromEntries(labels) },
    history: recordEntries(comment),
  };
  const whole = { ...inspected, ...restoredFromRecord(inspected) };
  return {
    architecture,
    os,
    config: whole.config,
    rootfs: { type: 'layers', diff_ids: layers },
    ...recordedAside(whole),
  };
}

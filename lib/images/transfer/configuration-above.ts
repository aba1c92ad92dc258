import type { ImageInspect } from '../../engine/index.js';
import { isOwnLabel, label } from '../../common/index.js';
import { recordedAside, recordEntries, restoredFromRecord } from '../../archives/index.js';

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
  const { Architecture: architecture, Os: os, Config: config, Comment: comment } = image;
  const labels = Object.entries(config?.Labels ?? {}).filter(([name]) => !isOwnLabel(name));
  const inspected = {
    config: { ...config, Labels: Object.fromEntries(labels) },
    history: recordEntries(comment),
  };
  const whole = { ...inspected, ...restoredFromRecord(inspected) };
  const aside = recordedAside(whole);
  const inherited = aside.config ?? whole.config;
  return {
    ...aside,
    architecture,
    os,
    // Never on record aside: the driver reads it from the image.
    config: { ...inherited, Labels: { ...inherited.Labels, [label.bootedBytes]: String(bootedBytes) } },
    rootfs: { type: 'layers', diff_ids: layers },
  };
}

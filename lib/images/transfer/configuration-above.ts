import type { ImageInspect } from '../../engine/index.js';
import { isOwnLabel, label } from '../../common/index.js';
import { recordedAside, recordEntries, restoredFromRecord } from '../../archives/index.js';

/**
 * Builds the configuration of an image that has other layers than `image` but configures its containers alike.
 *
 * @param layers - diff ids of the new image's layers, from the base up.
 * @param bootedBytes - size in bytes of the image that the instance was booted from.
 */
export function configurationAbove(
  image: ImageInspect,
  layers: readonly string[],
  bootedBytes: number,
): object {
  const { Architecture: architecture, Os: os, Config: config, Comment: comment } = image;
  const inspected = { config: { ...config }, history: recordEntries(comment) };
  const restored = { ...inspected, ...restoredFromRecord(inspected) };
  // Filtered last: a forged record may have them, too.
  const labels = Object.entries(restored.config.Labels ?? {}).filter(([name]) => !isOwnLabel(name));
  const whole = { ...restored, config: { ...restored.config, Labels: Object.fromEntries(labels) } };
  const aside = recordedAside(whole);
  const inherited = aside.config ?? whole.config;
  return {
    ...aside,
    architecture,
    os,
    // Added here, never to the recorded original configuration: the driver reads the label from the image.
    config: { ...inherited, Labels: { ...inherited.Labels, [label.bootedBytes]: String(bootedBytes) } },
    rootfs: { type: 'layers', diff_ids: layers },
  };
}

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
    // Added here, never to the recorded original configuration: the driver reads the label from the image.
    config: { ...inherited, Labels: { ...inherited.Labels, [label.bootedBytes]: String(bootedBytes) } },
    rootfs: { type: 'layers', diff_ids: layers },
  };
}

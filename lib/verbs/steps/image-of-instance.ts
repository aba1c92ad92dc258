import type { ImageMeta, Instance } from '../../../interfaces/index.js';

/** Nova's prefix for image fields and properties in system metadata. Nova: `SM_IMAGE_PROP_PREFIX`. */
const prefix = 'image_';

/**
 * The image that an instance was booted from, according to its system metadata. Nova: `ImageMeta.from_instance`.
 *
 * @returns undefined when the instance was not booted from an image.
 */
export function imageOfInstance({ image_ref, system_metadata = {} }: Instance): ImageMeta | undefined {
  if (image_ref === undefined || image_ref === null || image_ref === '') return undefined;
  const written: Record<string, string> = {};
  for (const [name, value] of Object.entries(system_metadata))
    if (name.startsWith(prefix) && value !== null) written[name.slice(prefix.length)] = value;
  const { min_ram, min_disk, container_format, disk_format, ...properties } = written;
  return {
    id: image_ref,
    min_ram: numberOrNull(min_ram),
    min_disk: numberOrNull(min_disk),
    container_format: container_format ?? null,
    disk_format: disk_format ?? null,
    properties,
  };
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

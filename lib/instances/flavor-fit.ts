import type { Flavor, ImageMeta } from '../../interfaces/index.js';
import { FlavorDiskTooSmall, FlavorMemoryTooSmall, ImageUnacceptable } from '../../interfaces/index.js';

/**
 * Checks what Nova tells of an image against what the instance is given.
 *
 * @throws ImageUnacceptable when the image is of another kind.
 * @throws FlavorDiskTooSmall, FlavorMemoryTooSmall when it needs more than the flavor has.
 */
export function imageMustFit(image: ImageMeta, flavor: Flavor): void {
  const { container_format, min_disk, min_ram } = image;
  if (container_format !== undefined && container_format !== null && container_format !== 'docker')
    throw new ImageUnacceptable(
      `Image ${image.id} has the container format ${container_format}: only docker images can be booted`,
    );
  if (flavor.root_gb > 0 && (min_disk ?? 0) > flavor.root_gb)
    throw new FlavorDiskTooSmall(
      `Image ${image.id} needs a root disk of ${String(min_disk)} GiB, and the flavor has ${flavor.root_gb}`,
    );
  if ((min_ram ?? 0) > flavor.memory_mb)
    throw new FlavorMemoryTooSmall(
      `Image ${image.id} needs ${String(min_ram)} MiB of memory, and the flavor has ${flavor.memory_mb}`,
    );
}

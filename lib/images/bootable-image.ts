import { ImageNotActive, ImageUnacceptable } from '../../interfaces/index.js';
import type { ImageLimits } from '../archives/index.js';
import type { ShownImage } from '../image-services/index.js';

/** @throws ImageNotActive, ImageUnacceptable when there is no use in fetching it. */
export function mustBeBootable(
  { id, status, container_format, size }: ShownImage,
  { maxBytes }: ImageLimits,
): void {
  if (status !== 'active') throw new ImageNotActive(`Image ${id} is ${status}, not active`);
  if (container_format !== 'docker')
    throw new ImageUnacceptable(
      `Image ${id} has the container format ${String(container_format)}: only docker can be booted`,
    );
  if (size !== null && size > maxBytes)
    throw new ImageUnacceptable(`Image ${id} has ${size} bytes: ${maxBytes} are allowed`);
}

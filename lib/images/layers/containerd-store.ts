import { DriverError } from '../../../interfaces/index.js';
import { isAtLeast, undefinedIfNotFound, type Engine, type ImageRef } from '../../engine/index.js';

/** First API version that shows annotations of images, by which the driver knows the files of their layers. */
export const firstWithAnnotations = '1.48';

/**
 * Whether an engine keeps its images in containerd. That store identifies layers by the digests of their files, which
 * may be compressed, and not by their diff ids.
 */
export async function isContainerdStore(engine: Engine, signal: AbortSignal | undefined): Promise<boolean> {
  const { DriverStatus: status } = await engine.system.info({ signal });
  return status.some(([name]) => name === 'driver-type');
}

/** Whether an engine with containerd's store shows which files it keeps, and so can load images in parts. */
export async function showsStoredLayers(engine: Engine, signal: AbortSignal | undefined): Promise<boolean> {
  return isAtLeast((await engine.negotiate({ signal })).apiVersion, firstWithAnnotations);
}

/** The engine has lost an image while another one was loaded without the layers that both share. */
export class LayersLost extends DriverError {
  override readonly name = 'LayersLost';
  override readonly code = 'LAYERS_LOST';
}

/**
 * Verifies that the engine still has an image whose layers an archive omitted. containerd loads an image even if a
 * shared file is missing; saving it then fails. If the engine still has the other image, it had the files, and keeps them. The
 * other image is looked up by its name, because the new image may be the same one by its id.
 *
 * @throws LayersLost when the engine has the image no more, or another one of its name.
 */
export async function validateLayersKept(
  engine: Engine,
  { reference, engineId }: { readonly reference: ImageRef; readonly engineId: ImageRef },
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await undefinedIfNotFound(engine.images.inspect(reference, { signal }));
  if (found?.Id !== engineId)
    throw new LayersLost(`The engine has lost image ${engineId}, whose layers another image was to share`);
}

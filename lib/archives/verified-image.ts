import { validateDigest, metadataAt } from './archive-metadata.js';
import { ArchiveRefused, shown } from './archive-refused.js';
import type { ArchiveFiles, LayerFile } from './archive-files.js';
import { parseConfiguration, type ImageConfiguration } from './image-configuration.js';
import type { ImageLimits } from './limits.js';
import { manifestPath, parseManifest, type Manifest } from './manifest.js';
import { indexPath, ociManifest } from './oci-layout.js';

/** An image whose parts are all present and have the digests that name them. */
interface VerifiedImage {
  readonly configuration: ImageConfiguration;
  /** The configuration's bytes in the archive. */
  readonly configurationBytes: Buffer;
  /** The layers above the base image's, from the base up. A layer that occurs twice is listed twice. */
  readonly layers: readonly LayerFile[];
}

/**
 * Finds the only image among an archive's files and verifies it.
 *
 * Every layer must be present and match its digest in the configuration. An engine that already has a layer with a
 * digest does not read the layer's file. Without this check, an archive that only names the digests of another image's
 * layers would gain access to the files of that image.
 *
 * @param architecture - the image to select if an index references several, in Go's spelling: `amd64`.
 * @param below - diff ids of layers that may be absent from the archive. The image's layers must begin with them.
 * @throws ArchiveRefused when the archive does not hold exactly one complete, valid image.
 */
export function verifiedImage(
  files: ArchiveFiles,
  limits: ImageLimits,
  architecture: string | undefined,
  below: readonly string[],
): VerifiedImage {
  const manifest = manifestOf(files, limits, architecture);
  const configurationBytes = metadataAt(files, manifest.configuration, 'configuration');
  const configuration = parseConfiguration(manifest.configuration, configurationBytes.toString('utf8'));
  const diffIds = configuration.rootfs.diff_ids;
  if (manifest.layers.length !== diffIds.length)
    throw new ArchiveRefused(
      `names ${manifest.layers.length} layers in its manifest and ${diffIds.length} in its configuration`,
    );
  if (below.some((diffId, index) => diffIds[index] !== diffId))
    throw new ArchiveRefused('is not built on its base image: their layers differ');
  const layers = manifest.layers
    .map((path, index) => ({ path, diffId: diffIds[index] }))
    .slice(below.length)
    .map(({ path, diffId }) => layerAt(files, path, diffId));
  return { configuration, configurationBytes, layers };
}

function manifestOf(files: ArchiveFiles, limits: ImageLimits, architecture: string | undefined): Manifest {
  if (files.has(manifestPath))
    return parseManifest(metadataAt(files, manifestPath, 'manifest').toString('utf8'), limits);
  if (files.has(indexPath)) return ociManifest(files, limits, architecture);
  throw new ArchiveRefused(
    `has no ${manifestPath} and no ${indexPath}: it is neither what "docker save" writes nor an OCI layout, and does not begin as a root file system does, with a folder such as bin or etc`,
  );
}

function layerAt(files: ArchiveFiles, named: string, diffId: string | undefined): LayerFile {
  const { path, file } = files.find(named, 'layer');
  switch (file.kind) {
    case 'layer':
      validateDigest(path, file.blob);
      if (file.diffId !== diffId)
        throw new ArchiveRefused(
          `has the layer ${shown(named)} with the digest ${file.diffId}, while its configuration says ${String(diffId)}`,
        );
      return file;
    case 'held':
      throw new ArchiveRefused(
        `has the layer ${shown(named)}, which is neither a tar archive nor compressed`,
      );
    case 'useless':
      throw new ArchiveRefused(`has the layer ${shown(named)}, which ${file.because}`);
  }
}

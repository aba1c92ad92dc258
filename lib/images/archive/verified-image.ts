import { createHash } from 'node:crypto';
import { ArchiveRefused, shown } from './archive-refused.js';
import type { ArchiveFiles, LayerFile } from './archive-files.js';
import { parseConfiguration, type ImageConfiguration } from './image-configuration.js';
import type { ImageLimits } from './limits.js';
import { manifestPath, parseManifest } from './manifest.js';

/** An image of which every part is there and is what it is said to be. */
export interface VerifiedImage {
  readonly configuration: ImageConfiguration;
  /** The configuration as it stood in the archive. */
  readonly configurationBytes: Buffer;
  /** From the base up; one that occurs twice stands here twice. */
  readonly layers: readonly LayerFile[];
}

/**
 * Finds the one image among an archive's files and verifies it.
 *
 * Every layer must be there and have the digest that the configuration names: engines do not look at a layer's file when they hold a layer of
 * that name already, so an archive could otherwise get the files of any image on the host by knowing their digests.
 *
 * @throws ArchiveRefused when it is not the archive of exactly one image, complete and sound.
 */
export function verifiedImage(files: ArchiveFiles, limits: ImageLimits): VerifiedImage {
  if (!files.has(manifestPath))
    throw new ArchiveRefused(`has no ${manifestPath}: it is not what "docker save" writes`);
  const manifest = parseManifest(metadataAt(files, manifestPath, 'manifest').toString('utf8'), limits);
  const configurationBytes = metadataAt(files, manifest.configuration, 'configuration');
  const configuration = parseConfiguration(manifest.configuration, configurationBytes.toString('utf8'));
  const diffIds = configuration.rootfs.diff_ids;
  if (manifest.layers.length !== diffIds.length)
    throw new ArchiveRefused(
      `names ${manifest.layers.length} layers in its manifest and ${diffIds.length} in its configuration`,
    );
  const layers = manifest.layers.map((path, index) => layerAt(files, path, diffIds[index]));
  return { configuration, configurationBytes, layers };
}

function metadataAt(files: ArchiveFiles, named: string, role: 'manifest' | 'configuration'): Buffer {
  const { path, file } = files.find(named, role);
  switch (file.kind) {
    case 'held':
      digestMustMatch(path, createHash('sha256').update(file.content).digest('hex'));
      return file.content;
    case 'layer':
      throw new ArchiveRefused(`has the ${role} ${shown(named)}, which is a layer`);
    case 'useless':
      throw new ArchiveRefused(`has the ${role} ${shown(named)}, which ${file.because}`);
  }
}

function layerAt(files: ArchiveFiles, named: string, diffId: string | undefined): LayerFile {
  const { path, file } = files.find(named, 'layer');
  switch (file.kind) {
    case 'layer':
      digestMustMatch(path, file.blob);
      if (file.diffId !== diffId)
        throw new ArchiveRefused(
          `has the layer ${shown(named)} with the digest ${file.diffId}, while its configuration says ${String(diffId)}`,
        );
      return file;
    case 'held':
      throw new ArchiveRefused(`has the layer ${shown(named)}, which is neither a tar archive nor gzip data`);
    case 'useless':
      throw new ArchiveRefused(`has the layer ${shown(named)}, which ${file.because}`);
  }
}

/** Files that are named by their digest must have it: `<digest>.json`, `blobs/sha256/<digest>`. */
function digestMustMatch(path: string, digest: string): void {
  const named = /^([0-9a-f]{64})\.json$|^blobs\/sha256\/([0-9a-f]{64})$/.exec(path);
  const claimed = named?.[1] ?? named?.[2];
  if (claimed !== undefined && claimed !== digest)
    throw new ArchiveRefused(`holds ${shown(path)}, whose content has another digest: ${digest}`);
}

import {
  ArchiveRefused,
  blockSize,
  contentType,
  entryPath,
  Extensions,
  isExtension,
  isTarHeader,
  linkTarget,
  maxExtendedHeaderBytes,
  manifestPath,
  paddingAfter,
  parseManifest,
  tarHeader,
  type ImageLimits,
} from '../../archives/index.js';
import { type ArchiveIndex, type Extent, IndexUnusable } from './archive-index.js';
import type { ImageRanges } from './image-ranges.js';

/** Content of a path in the archive: a file, or a link. */
type Place = Extent | { readonly target: string };

/**
 * Builds the index of an archive by reading only the headers of its entries.
 *
 * This parser rejects every unusual archive instead of interpreting it: the caller then reads the whole archive with
 * the full parser.
 *
 * @throws IndexUnusable or ArchiveRefused when the archive is compressed, is not a tar archive, or does not name its
 * configuration by its digest.
 * @throws the image service's error.
 */
export async function probeIndex(ranges: ImageRanges, limits: ImageLimits): Promise<ArchiveIndex> {
  const places = await readHeaders(ranges, limits);
  const manifestExtent = find(places, manifestPath);
  if (manifestExtent.size > limits.maxMetadataBytes) throw new IndexUnusable('its manifest is too large');
  const manifest = parseManifest((await ranges.read(manifestExtent)).toString('utf8'), limits);
  const digest = /^(?:blobs\/sha256\/([0-9a-f]{64})|([0-9a-f]{64})\.json)$/.exec(manifest.configuration);
  const named = digest?.[1] ?? digest?.[2];
  // The record has no hash of a part. Without a digest to verify it against, the image must be read as a whole.
  if (named === undefined) throw new IndexUnusable('its configuration is not named by its digest');
  return {
    configuration: find(places, manifest.configuration),
    digest: named,
    layers: manifest.layers.map((path) => find(places, path)),
  };
}

async function readHeaders(
  ranges: ImageRanges,
  { maxEntries }: ImageLimits,
): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>();
  const extensions = new Extensions();
  let offset = 0;
  for (let headers = 0; headers <= maxEntries; headers += 1) {
    const block = await ranges.read({ offset, size: blockSize });
    if (headers === 0 && contentType(block) !== 'tar') throw new IndexUnusable('it is not a tar archive');
    if (block.every((byte) => byte === 0)) return places;
    if (!isTarHeader(block)) throw new IndexUnusable(`there is no header at byte ${offset}`);
    const header = tarHeader(block);
    offset += blockSize;
    if (isExtension(header.typeflag)) {
      if (header.size < 1 || header.size > maxExtendedHeaderBytes)
        throw new IndexUnusable('an extended header has an odd size');
      extensions.take(header.typeflag, await ranges.read({ offset, size: header.size }));
      offset += header.size + paddingAfter(header.size);
      continue;
    }
    const entry = { ...header, ...extensions.describe(header) };
    if (entry.sparse !== undefined) throw new IndexUnusable('it holds a sparse file');
    enter(places, entry, offset);
    offset += entry.size + paddingAfter(entry.size);
  }
  throw new IndexUnusable('it has too many entries');
}

function enter(
  places: Map<string, Place>,
  entry: {
    readonly name: string;
    readonly size: number;
    readonly typeflag: string;
    readonly linkname: string;
  },
  offset: number,
): void {
  const { name, size, typeflag, linkname } = entry;
  const path = entryPath(name, 'holds');
  if (typeflag === '5' && size === 0) return;
  if (places.has(path)) throw new ArchiveRefused('holds a path twice');
  if (typeflag === '0' || typeflag === '\0') places.set(path, { offset, size });
  else if (typeflag === '1') places.set(path, { target: linkTarget('hard link', path, linkname) });
  else if (typeflag === '2') places.set(path, { target: linkTarget('symbolic link', path, linkname) });
  else throw new IndexUnusable('it holds something other than files');
}

/** @throws IndexUnusable when the path does not lead to a file. */
function find(places: ReadonlyMap<string, Place>, path: string): Extent {
  let place = places.get(path);
  for (let links = 0; place !== undefined && 'target' in place; links += 1) {
    if (links > places.size) break;
    place = places.get(place.target);
  }
  if (place === undefined || 'target' in place) throw new IndexUnusable(`it holds no ${path}`);
  return place;
}

import { randomUUID } from 'node:crypto';
import { isUuid } from '../../common/index.js';

/**
 * What lies in the folder of a {@link DirectoryImageService}:
 *
 * ```
 * <directory>/                      0700
 *   <image id>/                     0700  an image
 *     metadata.<n>.json             0600  the image's record; the highest n counts, the others are about to be removed
 *     data.<uuid>                   0600  the image's data, where the record names it
 *     .<uuid>                       0600  somebody is at work on this image
 *   .new-<uuid>/                    0700  an image that somebody is making
 *   .deleted-<uuid>/                      an image that was deleted and is being removed
 * ```
 *
 * Files are written once: under a dotted name, flushed to the disk, then linked or renamed to their own. A name that
 * starts with a dot and that nobody has touched for {@link STALE} belongs to a process that is no more.
 */
export const folderMode = 0o700;
export const fileMode = 0o600;

/**
 * Milliseconds after which a dotted name that nobody touches is left over. Its owner touches it every
 * {@link HEARTBEAT}.
 */
export const STALE = 60 * 60 * 1000;
export const HEARTBEAT = 60 * 1000;

/**
 * Whether an entry of the directory is an image: ids are in lower case, for file systems that do not tell cases apart.
 */
export const isImageFolder = (name: string): boolean => isUuid(name) && name === name.toLowerCase();

export const isClaim = (name: string): boolean => name.startsWith('.');
export const newClaim = (): string => `.${randomUUID()}`;

/** The claim of whoever takes a deleted image's folder away: one at a time. */
export const BURIAL = '.burial';

export const isDraft = (name: string): boolean => name.startsWith('.new-');
export const newDraft = (): string => `.new-${randomUUID()}`;

export const isGrave = (name: string): boolean => name.startsWith('.deleted-');
export const newGrave = (): string => `.deleted-${randomUUID()}`;

const DATA = /^data\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isData = (name: string): boolean => DATA.test(name);
export const newData = (): string => `data.${randomUUID()}`;

const METADATA = /^metadata\.(?<version>[1-9][0-9]{0,14})\.json$/;
export const metadataName = (version: number): string => `metadata.${version}.json`;
/** The version that a metadata file holds; undefined when the name is not that of a metadata file. */
export function versionOf(name: string): number | undefined {
  const version = METADATA.exec(name)?.groups?.['version'];
  return version === undefined ? undefined : Number(version);
}

import { randomUUID } from 'node:crypto';
import { isUuid } from '../../common/index.js';

/**
 * The files of a {@link DirectoryImageService}:
 *
 * ```
 * <directory>/                      0700
 *   <image id>/                     0700  an image
 *     metadata.<n>.json             0600  the image's record; the highest n is current, the others will be removed
 *     data.<uuid>                   0600  the image's data, if the record names it
 *     .<uuid>                       0600  a claim: a process is changing this image
 *   .new-<uuid>/                    0700  an image that a process is creating
 *   .deleted-<uuid>/                      a deleted image that is being removed
 * ```
 *
 * Files are immutable: they are written under a dotted name, flushed to disk, then linked or renamed to their final
 * name. A dotted name that was not touched for {@link staleAfterMs} belongs to a dead process.
 */
export const folderMode = 0o700;
export const fileMode = 0o600;

/**
 * Milliseconds after which an untouched dotted name counts as stale. Its owner touches it every {@link heartbeatMs}
 * milliseconds.
 */
export const staleAfterMs = 60 * 60 * 1000;
export const heartbeatMs = 60 * 1000;

/** Whether an entry of the directory is an image. Only lower-case ids count: some file systems ignore case. */
export const isImageFolder = (name: string): boolean => isUuid(name) && name === name.toLowerCase();

export const isClaim = (name: string): boolean => name.startsWith('.');
export const newClaim = (): string => `.${randomUUID()}`;

/** The claim for removing a deleted image's folder. Its fixed name excludes concurrent removals. */
export const deletionClaim = '.burial';

export const isDraft = (name: string): boolean => name.startsWith('.new-');
export const newDraft = (): string => `.new-${randomUUID()}`;

export const isTrash = (name: string): boolean => name.startsWith('.deleted-');
export const newTrashName = (): string => `.deleted-${randomUUID()}`;

const dataPattern = /^data\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isData = (name: string): boolean => dataPattern.test(name);
export const newData = (): string => `data.${randomUUID()}`;

const metadataPattern = /^metadata\.(?<version>[1-9][0-9]{0,14})\.json$/;
export const metadataName = (version: number): string => `metadata.${version}.json`;
/** Returns the version number in a metadata file's name; undefined for other names. */
export function versionOf(name: string): number | undefined {
  const version = metadataPattern.exec(name)?.groups?.['version'];
  return version === undefined ? undefined : Number(version);
}

import type { ImageLimits } from '../../../lib/archives/index.js';
import { imageEntries, packEntries, type ArchiveEntry, type ImageArchiveOptions } from '../archives.js';

/** An archive that must be refused. */
export interface HostileArchive {
  /** What is wrong, as the end of "refuses an archive …". */
  readonly what: string;
  /** The attack or the engine's failure that the refusal prevents. */
  readonly prevents: string;
  readonly archive: Buffer;
  /** Matches the message of the refusal. */
  readonly says: RegExp;
}

/** The attacks and the engine's failures that refusals prevent. */
export const harm = {
  unreadable: 'engines fail to read it, so no other host need be tried',
  unusable: "containerd's store loads it and cannot use it, classic stores fail",
  unstartable: 'no engine can start a container of it',
  partial: 'a part would pass for the whole',
  ambiguous: 'engines would read it differently from the validation',
  wrong: 'another image than the intended one would boot',
  theft: 'an image would get the files of another',
  escape: 'unpacking it would read or write outside its folder',
  special: 'engines create devices, and block on FIFOs',
  diskBomb: "a few bytes would fill the engine's disk",
  hidden: "it could hide entries that fill the engine's disk",
  disk: "it would fill the engine's disk",
  memory: "it would take the driver's memory",
  stack: "it would overflow the driver's stack, and engines refuse it",
  lists: 'engines repeat it in every list, until the verbs of the host fail',
  mounts: 'each is a mount on the host, and is repeated in every list of containers',
  fetch: "engines would fetch it from wherever it says, also from the host's own network",
  stacked: 'Linux does not stack so many, so no engine can start a container of it',
} as const;

/** The limits under which the archives that exceed one do so. */
export const tightLimits: Partial<ImageLimits> = {
  maxBytes: 32 * 1024 * 1024,
  maxEntries: 100,
  maxLayers: 20,
};

export const KiB = 1024;
export const MiB = 1024 * KiB;

export type Change = (entries: ArchiveEntry[]) => ArchiveEntry[];
type Which = (entry: ArchiveEntry) => boolean;

export const isConfiguration: Which = ({ name }) => /^([0-9a-f]{64}|c)\.json$/.test(name);
export const isLayer: Which = ({ name }) => name.endsWith('layer.tar');
export const isManifest: Which = ({ name }) => name === 'manifest.json';

/** A valid archive with one thing changed. */
export async function spoilt(change: Change, options: ImageArchiveOptions = {}): Promise<Buffer> {
  return await packEntries(change(await imageEntries(options)));
}

/** Changes the matching entries. */
export function replacing(which: Which, by: (entry: ArchiveEntry) => Partial<ArchiveEntry>): Change {
  return (entries) => entries.map((entry) => (which(entry) ? { ...entry, ...by(entry) } : entry));
}

/** Puts further entries before all others. */
export function preceded(...more: ArchiveEntry[]): Change {
  return (entries) => [...more, ...entries];
}

/** Puts further entries after all others. */
export function followed(...more: ArchiveEntry[]): Change {
  return (entries) => [...entries, ...more];
}

/** An entry that is written unchanged. */
export function raw(...blocks: Buffer[]): ArchiveEntry {
  return { name: '', raw: Buffer.concat(blocks) };
}

/** The only description in the manifest of a valid archive. */
export async function goodManifest(): Promise<{ Config: string; Layers: string[] }> {
  const entries = await imageEntries();
  return {
    Config: entries.find(isConfiguration)?.name ?? '',
    Layers: entries.filter(isLayer).map(({ name }) => name),
  };
}

import type { ImageLimits } from '../../../lib/archives/index.js';
import { imageEntries, packEntries, type ArchiveEntry, type ImageArchiveOptions } from '../archives.js';

/** An archive that must be refused. */
export interface HostileArchive {
  /** What is wrong, as the end of "refuses an archive …". */
  readonly what: string;
  readonly archive: Buffer;
  /** Matches the message of the refusal. */
  readonly says: RegExp;
}

/** Limits that the archives for the limit tests exceed. */
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

import { gzipSync } from 'node:zlib';
import { buildImageArchive } from '../archives.js';
import { harm, KiB, type HostileArchive } from './spoil.js';

/** Archives that are malformed or truncated. */
export async function brokenArchives(): Promise<HostileArchive[]> {
  const good = await buildImageArchive();
  const zipped = gzipSync(good);
  const damaged = Buffer.from(zipped);
  const checksum = damaged.length - 8;
  damaged.writeUInt8(damaged.readUInt8(checksum) ^ 0xff, checksum);
  return [
    { what: 'of no bytes', prevents: harm.unreadable, archive: Buffer.alloc(0), says: /is empty/ },
    { what: 'of zeros', prevents: harm.unreadable, archive: Buffer.alloc(10 * KiB), says: /without entries/ },
    {
      what: 'that is a text',
      prevents: harm.unreadable,
      archive: Buffer.from('hello\n'.repeat(1000)),
      says: /not a tar archive/,
    },
    {
      what: 'that is a gzipped text',
      prevents: harm.unreadable,
      archive: gzipSync('hello\n'.repeat(1000)),
      says: /not a tar archive/,
    },
    {
      what: 'cut inside an entry',
      prevents: harm.partial,
      archive: good.subarray(0, 3200),
      says: /truncated: it ends in the entry/,
    },
    {
      what: 'cut inside a header',
      prevents: harm.partial,
      archive: good.subarray(0, 700),
      says: /truncated: it ends after the entry/,
    },
    {
      what: 'with rubbish between entries',
      prevents: harm.unreadable,
      archive: Buffer.concat([good.subarray(0, 512), Buffer.alloc(512, 'x'), good.subarray(512)]),
      says: /damaged after the entry/,
    },
    {
      what: 'cut inside its gzip data',
      prevents: harm.partial,
      archive: zipped.subarray(0, -20),
      says: /truncated gzip/,
    },
    { what: 'with a wrong gzip checksum', prevents: harm.unreadable, archive: damaged, says: /damaged gzip/ },
    {
      what: 'with rubbish after its gzip data',
      prevents: harm.unreadable,
      archive: Buffer.concat([zipped, Buffer.from('rubbish'.repeat(100))]),
      says: /damaged gzip/,
    },
    {
      what: 'with zeros and more after its gzip data',
      prevents: harm.unreadable,
      archive: Buffer.concat([zipped, Buffer.alloc(200 * KiB), Buffer.alloc(200 * KiB, 1)]),
      says: /has data after the end of its gzip data/,
    },
    {
      what: 'that only begins like xz',
      prevents: harm.unreadable,
      archive: beginning('fd377a585a00'),
      says: /damaged xz data/,
    },
    {
      what: 'that only begins like bzip2',
      prevents: harm.unreadable,
      archive: beginning('425a6839'),
      says: /damaged bzip2 data/,
    },
    {
      what: 'that only begins like zstd',
      prevents: harm.unreadable,
      archive: beginning('28b52ffd'),
      says: /damaged zstd data/,
    },
  ];
}

/** Data that begins like a file of the given type. */
export function beginning(magic: string): Buffer {
  return Buffer.concat([Buffer.from(magic, 'hex'), Buffer.alloc(2 * KiB, 0xa7)]);
}

import { describe, expect, it } from '@jest/globals';
import { imageEntries, packEntries, type ArchiveEntry } from '../../support/archives.js';
import { refusal, refusedAs, rewritten } from '../../support/rewriting.js';
import { sparseFile, sparseVersions } from '../../support/sparse-files.js';

type Version = (typeof sparseVersions)[number];

/** Packs an archive whose files are sparse wherever they have a block of zeros. */
async function sparsely(version: Version): Promise<Buffer> {
  const entries = await imageEntries();
  return await packEntries(
    entries.map((entry) => (entry.content === undefined ? entry : holed(version, entry))),
  );
}

function holed(version: Version, { name, content = '' }: ArchiveEntry): ArchiveEntry {
  const bytes = Buffer.from(content);
  const data: [number, Buffer][] = [];
  for (let at = 0; at < bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block.some((byte) => byte !== 0)) data.push([at, block]);
  }
  return sparseFile(version, { name, size: bytes.length, data });
}

describe('rewriteArchive', () => {
  it.each(sparseVersions)('expands sparse entries of version %s', async (version) => {
    const plain = await rewritten(await packEntries(await imageEntries()));
    const archive = await sparsely(version);
    for (const piece of [100, 512, archive.length])
      expect(await rewritten(archive, {}, piece)).toEqual(plain);
  });

  it('refuses a sparse entry that is truncated: a part would pass for the whole', async () => {
    const x = sparseFile('1.0', { name: 'x', size: 9000, data: [[99, 'x'.repeat(700)]] });
    const archive = await packEntries([x]);
    // Within its map, and within its data.
    for (const bytes of [1800, 2200])
      expect(await refusal(archive.subarray(0, bytes))).toEqual(
        refusedAs(/is truncated: it ends in the entry "x"/),
      );
  });

  it('refuses a hole beyond the limit before it is expanded', async () => {
    const huge = sparseFile('1.0', { name: 'x', size: Number.MAX_SAFE_INTEGER });
    expect(await refusal(await packEntries([huge]))).toEqual(
      refusedAs(/is larger than the \d+ bytes allowed/),
    );
  });
});

import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import {
  endOfArchive,
  FileSystemReader,
  headersBelow,
  withTranslatedOwners,
  type FileSystemEntry,
} from '../../../lib/archives/index.js';
import { packEntries } from '../../support/archives.js';

const mapping = { uid: (id: number) => id - 200_000, gid: (id: number) => id - 300_000 };

async function firstOf(archive: Buffer): Promise<FileSystemEntry> {
  const entry = await new FileSystemReader(Readable.from([archive], { objectMode: false })).next();
  if (entry === undefined) throw new Error('there is an entry');
  return entry;
}

/** What another reader of archives sees: the headers must be sound to it. */
async function ownersOf(headers: Buffer): Promise<Record<string, unknown>> {
  const entries = extract();
  entries.end(Buffer.concat([headers, endOfArchive]));
  for await (const entry of entries) {
    const { name, uid, gid, pax } = entry.header;
    entry.resume();
    return { name, uid, gid, pax };
  }
  throw new Error('there is an entry');
}

describe('an entry with translated owners', () => {
  it('has other owners and is otherwise unchanged', async () => {
    const entry = await firstOf(
      await packEntries([{ name: 'file', pax: { uid: '200012', gid: '300034', mtime: '1.5' } }]),
    );
    const translated = withTranslatedOwners(entry, mapping);
    expect(await ownersOf(translated.headers)).toMatchObject({
      name: 'file',
      pax: { uid: '12', gid: '34', mtime: '1.5' },
    });
    const moved = headersBelow('folder', translated);
    expect(await ownersOf(moved)).toMatchObject({ name: 'folder/file', pax: { uid: '12', gid: '34' } });
  });

  it('keeps the numbers in its plain header', async () => {
    const entry = await firstOf(await packEntries([{ name: 'file' }]));
    const shifted = withTranslatedOwners(entry, { uid: () => 12, gid: () => 0o7777777 });
    expect(await ownersOf(shifted.headers)).toMatchObject({ name: 'file', uid: 12, gid: 0o7777777 });
    expect(shifted.headers).toHaveLength(entry.headers.length);
  });

  it('has numbers that exceed the plain header in an extended header', async () => {
    const entry = await firstOf(await packEntries([{ name: 'file' }]));
    const shifted = withTranslatedOwners(entry, { uid: () => 0o10000000, gid: () => 5 });
    expect(await ownersOf(shifted.headers)).toMatchObject({
      name: 'file',
      pax: { uid: '2097152', gid: '5' },
    });
  });

  it('is refused when its numbers are malformed', async () => {
    const entry = await firstOf(await packEntries([{ name: 'file', pax: { uid: '-5' } }]));
    expect(() => withTranslatedOwners(entry, mapping)).toThrow('invalid uid');
  });
});

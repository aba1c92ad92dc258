import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { contentType, FileSystemReader, neverCompressed } from '../../../lib/archives/index.js';
import { packEntries } from '../../support/archives.js';

async function passedOn(archive: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const whole = async function* (): AsyncGenerator<Buffer, void, void> {
    yield* Readable.from([archive], { objectMode: false }).iterator();
  };
  for await (const piece of neverCompressed(whole())) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('neverCompressed', () => {
  it('leaves an archive as it is', async () => {
    const archive = await packEntries([{ name: 'etc/motd', content: 'hello' }]);
    expect(await passedOn(archive)).toEqual(archive);
  });

  it('puts a header in front of an archive that engines would unpack', async () => {
    const archive = await packEntries([{ name: 'BZh91AY&SY', content: 'hello' }]);
    const passed = await passedOn(archive);
    expect([contentType(archive.subarray(0, 512)), contentType(passed.subarray(0, 512))]).toEqual([
      'bzip2',
      'tar',
    ]);
    expect(passed.subarray(-archive.length)).toEqual(archive);
    const reader = new FileSystemReader(Readable.from([passed]));
    expect(await reader.next()).toMatchObject({ path: 'BZh91AY&SY', size: 5 });
    await reader.close();
  });
});

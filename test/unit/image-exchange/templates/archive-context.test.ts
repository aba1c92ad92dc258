import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { archiveContext } from '../../../../lib/image-exchange/templates/archive-context.js';
import { readAll } from '../../../../lib/streams/index.js';
import { packEntries } from '../../../support/archives.js';
import { paxHeader } from '../../../support/hostile-archives/layers.js';
import { sparseFile } from '../../../support/sparse-files.js';

const read = async (archive: Buffer): Promise<string> =>
  String(
    await readAll(
      archiveContext(Readable.from([archive], { objectMode: false }), 2 ** 20, undefined),
      Infinity,
    ),
  );

describe('archiveContext', () => {
  it('accepts the output of "git archive", and drops the comment at its beginning', async () => {
    const comment = { name: '', raw: Buffer.concat(paxHeader('comment', 'the commit', 'g')) };
    const context = await read(await packEntries([comment, { name: 'Dockerfile', content: 'FROM scratch' }]));
    expect(context).toContain('FROM scratch');
    expect(context).not.toContain('the commit');
  });

  it('refuses sparse files: their headers have a second name', async () => {
    await expect(
      read(await packEntries([sparseFile('1.0', { name: '../x', size: 9 })])),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/form that is not supported/),
    });
  });

  it('accepts paths that go up and down again, and refuses those that lead out of the context', async () => {
    await expect(read(await packEntries([{ name: 'a/../b', content: 'x' }]))).resolves.toContain('a/../b');
    await expect(read(await packEntries([{ name: 'a/../../b', content: 'x' }]))).rejects.toMatchObject({
      name: 'InvalidInput',
    });
  });
});

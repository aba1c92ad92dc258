import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../interfaces/index.js';
import { ImageSourceError } from '../../../lib/http/index.js';
import { packEntries } from '../../support/archives.js';
import { bytes } from '../../support/bytes.js';
import { context } from '../../support/nova-objects.js';
import { TemplateStage } from './template-stage.js';

describe('ImageTemplates', () => {
  let stage: TemplateStage;
  beforeEach(async () => {
    stage = await TemplateStage.open();
  });
  afterEach(() => stage.close());

  describe('with a hostile build context', () => {
    let outside: string;
    beforeEach(async () => {
      outside = join(stage.folder, '..', 'outside');
      await writeFile(outside, 'of the host');
    });

    it.each(['link', 'folder/outside', 'Dockerfile'])(
      'reads no file of the host through a symbolic link: %s',
      async (what) => {
        await stage.write({ Dockerfile: `FROM scratch\nCOPY ${what} /stolen\n` });
        await symlink(outside, join(stage.folder, 'link'));
        await symlink(join(stage.folder, '..'), join(stage.folder, 'folder'));
        if (what === 'Dockerfile') {
          await symlink('/etc/passwd', join(stage.folder, 'Passwd'));
          await expect(stage.build({ dockerfile: 'Passwd' })).rejects.toThrow(ImageSourceError);
        } else await expect(stage.build()).rejects.toThrow(ImageSourceError);
        await stage.mustHaveNoImages();
      },
    );

    it('copies a symbolic link in a folder as a link, not as the file of the host', async () => {
      await stage.write({ Dockerfile: 'FROM scratch\nCOPY d /d\n', 'd/file': 'x' });
      await symlink(outside, join(stage.folder, 'd', 'link'));
      const { files } = await stage.contentOf(await stage.build());
      expect(files.get('d/link')).toHaveLength(0);
      expect([...files.values()].join()).not.toContain('of the host');
    });

    it.each([
      ['a path with ..', { name: '../evil', content: 'x' }],
      ['a hard link out of the context', { name: 'evil', type: 'link', linkname: '../../etc/passwd' }],
      ['a device', { name: 'evil', type: 'character-device' }],
      ['a FIFO', { name: 'Dockerfile2', type: 'fifo' }],
    ] as const)('refuses %s in an archive', async (_what, entry) => {
      const tar = await packEntries([{ name: 'Dockerfile', content: 'FROM scratch\nCOPY . /\n' }, entry]);
      await expect(stage.build({ context: { archive: bytes(tar) } })).rejects.toThrow(InvalidInput);
      await stage.mustHaveNoImages();
    });

    it("keeps an archive's absolute paths and symbolic links inside the context", async () => {
      const tar = await packEntries([
        { name: 'Dockerfile', content: 'FROM scratch\nCOPY . /all/\n' },
        { name: '/absolute/file', content: 'inside' },
        { name: 'link', type: 'symlink', linkname: '/etc' },
        { name: 'hosts', type: 'symlink', linkname: '../../../../../../etc/hosts' },
      ]);
      const { files } = await stage.contentOf(await stage.build({ context: { archive: bytes(tar) } }));
      expect(files.get('all/absolute/file')?.toString()).toBe('inside');
      expect(files.get('all/hosts')).toHaveLength(0);
      expect([...files.keys()].filter((path) => path.startsWith('all/link/'))).toEqual([]);
    });

    it.each(['/etc/passwd', '../outside', 'a/../../outside'])(
      'refuses the Dockerfile %s, outside the context',
      async (dockerfile) => {
        await expect(stage.build({ dockerfile })).rejects.toThrow(InvalidInput);
      },
    );

    it('refuses an archive that unpacks to more than maxBytes, and data that is no archive', async () => {
      const small = stage.newTemplates({ maxBytes: 1_000_000 });
      const bomb = gzipSync(
        await packEntries([
          { name: 'Dockerfile', content: 'FROM scratch\nCOPY . /\n' },
          { name: 'zeros', content: Buffer.alloc(5_000_000) },
        ]),
      );
      for (const archive of [bomb, Buffer.from('FROM scratch'), gzipSync('x').subarray(0, 12)]) {
        const from = { type: 'dockerfile', context: { archive: bytes(archive) } } as const;
        await expect(small.register(context, from)).rejects.toThrow(InvalidInput);
      }
      await stage.mustHaveNoImages();
    });
  });
});

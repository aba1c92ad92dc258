import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DirectoryImageService } from '../../lib/index.js';
import { inventory, removeImages } from '../support/engine.js';

/** The examples that need only an engine, and the lines that each prints. */
const examples: Record<string, { readonly run: () => Promise<unknown>; readonly prints: readonly RegExp[] }> =
  {
    resize: {
      run: () => import('../../docs/examples/resize.js'),
      prints: [
        /^booted: 64 MiB, 1 CPUs$/,
        /^resized: 128 MiB, 2 CPUs$/,
        /^reverted: 64 MiB, 1 CPUs$/,
        /^confirmed: 128 MiB, 2 CPUs$/,
      ],
    },
    rescue: {
      run: () => import('../../docs/examples/rescue.js'),
      prints: [/^broken: not running$/, /^in rescue: running$/, /^repaired: running$/],
    },
    'serial-console': {
      run: () => import('../../docs/examples/serial-console.js'),
      prints: [/^the console is at 127\.0\.0\.1, port \d+$/, /^six times seven is 42$/],
    },
    'delta-snapshot': {
      run: () => import('../../docs/examples/delta-snapshot.js'),
      prints: [
        /^image_pending_upload$/,
        /^image_uploading$/,
        /^the image has \d+ bytes, the snapshot \d+$/,
        /^saved as a delta$/,
        /^the second instance has the file of the first$/,
      ],
    },
  };

describe('the examples', () => {
  let printed: string[];
  beforeEach(() => {
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((...words: unknown[]) => {
      printed.push(words.map(String).join(' '));
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(Object.entries(examples))(
    '%s.ts prints its documented lines, and leaves nothing on the engine',
    async (_name, { run, prints }) => {
      const before = await inventory();
      await run();
      expect(printed).toEqual(prints.map((line) => expect.stringMatching(line)));
      await expect(inventory()).resolves.toEqual(before);
    },
  );

  it('first-program.ts of the README boots an image that consists of one file of the host', async () => {
    const here = process.cwd();
    const folder = await mkdtemp(join(tmpdir(), 'nova-first-program-'));
    try {
      process.chdir(folder);
      await promisify(execFile)('tar', ['-C', '/', '-cf', 'busybox.tar', 'bin/busybox']);
      await import('../../docs/examples/first-program.js');
      expect(printed).toEqual([expect.stringMatching(/^image [0-9a-f-]{36}$/), 'running true']);
      const images = await new DirectoryImageService({ directory: 'images' }).detail({});
      expect(images).toHaveLength(1);
      await removeImages(images.map(({ id }) => id));
    } finally {
      process.chdir(here);
      await rm(folder, { recursive: true });
    }
  });
});

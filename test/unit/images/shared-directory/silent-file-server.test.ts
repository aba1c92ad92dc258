/**
 * This file replaces a module of Node.
 *
 * @jest-environment node
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import * as files from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ImageRecord, Logger } from '../../../../interfaces/index.js';
import { GivenImages } from '../../../support/given-images.js';
import { context } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** In milliseconds; long enough for a file on a busy machine. */
const patience = 1500;

/** The operation that hangs until the file server is back. */
let hangs: 'stat' | 'open' | 'read' | 'close' | undefined;
let recover = (): void => undefined;
let recovered = Promise.resolve();

const unlessHanging = async <T>(what: typeof hangs, work: () => Promise<T>): Promise<T> => {
  if (hangs === what) await recovered;
  return await work();
};

// A test cannot mount a file system that falls silent on demand.
jest.unstable_mockModule('node:fs/promises', () => ({
  ...files,
  stat: (path: string) => unlessHanging('stat', () => files.stat(path)),
  open: async (path: string, flags: number) => {
    const handle = await unlessHanging('open', () => files.open(path, flags));
    const read = handle.read.bind(handle);
    const close = handle.close.bind(handle);
    return Object.assign(handle, {
      read: (memory: Buffer, offset: number, length: number, position: number) =>
        unlessHanging('read', () => read(memory, offset, length, position)),
      close: () => unlessHanging('close', close),
    });
  },
}));
const { SharedDirectory } = await import('../../../../lib/images/shared-directory/index.js');
const { FileServer } = await import('../../../../lib/images/shared-directory/file-server.js');
const { readAll } = await import('../../../../lib/streams/index.js');

describe('a shared directory whose file server falls silent', () => {
  const data = randomBytes(1_500_000);
  const folder = temporaryFolder();
  let path: string;
  let record: ImageRecord;
  let warnings: string[];
  let read: () => Promise<Buffer | undefined>;
  let server: InstanceType<typeof FileServer>;

  beforeEach(async () => {
    const id = randomUUID();
    path = join(await folder.path(), id);
    await files.writeFile(path, data);
    record = {
      ...(await new GivenImages({ [id]: { data } }).show(context, id)),
      size: data.length,
      os_hash_algo: 'sha512',
      os_hash_value: createHash('sha512').update(data).digest('hex'),
    };
    warnings = [];
    const logger: Logger = {
      ...noOpLogger,
      warn: (message, details) => void warnings.push(`${message} ${JSON.stringify(details)}`),
    };
    server = new FileServer(patience);
    const shared = new SharedDirectory(await folder.path(), logger, server);
    const { signal } = new AbortController();
    read = () =>
      shared.use(record, signal, async (file) => await readAll(await file.download({ signal }), Infinity));
    recovered = new Promise((resolve) => (recover = resolve));
  });
  afterEach(async () => {
    hangs = undefined;
    recover();
    await eventuallyClosed();
  });
  afterAll(() => folder.remove());

  async function eventuallyClosed(): Promise<void> {
    const isOpen = async (): Promise<boolean> => {
      const names = await files.readdir('/proc/self/fd');
      const targets = await Promise.all(
        names.map((name) => files.readlink(`/proc/self/fd/${name}`).catch(() => '')),
      );
      return targets.includes(path);
    };
    while (await isOpen()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it.each(['stat', 'open', 'read'] as const)(
    'is skipped with a warning while `%s` hangs, and used again once the server is back',
    async (what) => {
      hangs = what;
      expect(await read()).toBeUndefined();
      expect(warnings).toEqual([
        expect.stringContaining('the answer of the shared directory took longer than 1.5 s'),
      ]);
      hangs = undefined;
      expect(await read()).toBeUndefined();
      expect(warnings[1]).toContain('has not answered an earlier request');
      recover();
      while (server.isSilent) await new Promise((resolve) => setTimeout(resolve, 5));
      expect((await read())?.equals(data)).toBe(true);
    },
  );

  it('delivers the image even if its file cannot be closed', async () => {
    hangs = 'close';
    expect((await read())?.equals(data)).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('could not close a file')]);
  });
});

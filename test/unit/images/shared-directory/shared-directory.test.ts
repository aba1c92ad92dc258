import { execFileSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, readlink, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ByteRange, ImageRecord, Logger } from '../../../../interfaces/index.js';
import { ImageUnacceptable } from '../../../../interfaces/index.js';
import { FileServer } from '../../../../lib/images/shared-directory/file-server.js';
import { SharedDirectory } from '../../../../lib/images/index.js';
import { readAll } from '../../../../lib/streams/index.js';
import { GivenImages } from '../../../support/given-images.js';
import { context } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const sha512 = (bytes: Buffer): string => createHash('sha512').update(bytes).digest('hex');

describe('SharedDirectory', () => {
  const data = randomBytes(1_500_000);
  const folder = temporaryFolder();
  let path: string;
  let record: ImageRecord;
  let warnings: string[];
  let shared: SharedDirectory;
  let abort: AbortController;

  beforeEach(async () => {
    const id = randomUUID();
    path = join(await folder.path(), id);
    record = {
      ...(await new GivenImages({ [id]: { data } }).show(context, id)),
      size: data.length,
      os_hash_algo: 'sha512',
      os_hash_value: sha512(data),
    };
    warnings = [];
    const logger: Logger = {
      ...noOpLogger,
      warn: (message, details) => void warnings.push(`${message} ${JSON.stringify(details)}`),
    };
    shared = new SharedDirectory(await folder.path(), logger);
    abort = new AbortController();
  });
  afterEach(async () => {
    expect(await openFiles()).toEqual([]);
  });
  afterAll(() => folder.remove());

  /** The files of the directory that this process has open. */
  async function openFiles(): Promise<string[]> {
    const descriptors = await readdir('/proc/self/fd');
    const targets = await Promise.all(
      descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
    );
    return targets.filter((target) => target.startsWith(path));
  }

  const read = (range?: ByteRange, image = record): Promise<Buffer | undefined> =>
    shared.use(image, abort.signal, async (file) => {
      const options = { signal: abort.signal, ...(range === undefined ? {} : { range }) };
      return await readAll(await file.download(options), Infinity);
    });

  it('reads the data of an image, and ranges of it', async () => {
    await writeFile(path, data);
    expect((await read())?.equals(data)).toBe(true);
    expect(await read({ first: 10, last: 29 })).toEqual(data.subarray(10, 30));
    expect(warnings).toEqual([]);
  });

  it('logs nothing about an image that it does not have', async () => {
    expect(await read()).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('follows symbolic links, which are common on file servers', async () => {
    await writeFile(`${path}.elsewhere`, data);
    await symlink(`${path}.elsewhere`, path);
    expect((await read())?.equals(data)).toBe(true);
  });

  it.each<readonly [string, string, () => Promise<unknown>]>([
    [
      'is too short',
      'has 1000000 bytes: 1500000 are on record',
      () => writeFile(path, data.subarray(0, 1e6)),
    ],
    ['has the data of another image', 'sha512', () => writeFile(path, randomBytes(data.length))],
    ['is a FIFO', 'not a regular file', () => Promise.resolve(execFileSync('mkfifo', [path]))],
    ['is a link to a device', 'not a regular file', () => symlink('/dev/zero', path)],
    ['is a directory', 'not a regular file', () => mkdir(path)],
    ['is a link to itself', 'ELOOP', () => symlink(path, path)],
  ])('skips a file that %s, and logs its path and the reason', async (_what, why, make) => {
    await make();
    expect(await read()).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`${why}.*${path}`))]);
  });

  it('detects that a file is truncated while it is read', async () => {
    await writeFile(path, data);
    const bytes = await shared.use(record, abort.signal, async (file) => {
      await truncate(path, 1_000_000);
      return await readAll(await file.download({}), Infinity);
    });
    expect(bytes).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('1000000 bytes of the 1500000 on record')]);
  });

  it('ignores the file of an image without hash and checksum, which could hold any data', async () => {
    await writeFile(path, data);
    expect(await read(undefined, { ...record, os_hash_value: null })).toBeUndefined();
    const checksum = createHash('md5').update(data).digest('hex');
    const old = { ...record, os_hash_algo: null, os_hash_value: null, checksum };
    expect((await read(undefined, old))?.equals(data)).toBe(true);
  });

  it('reads nothing outside its directory, even if the id of an image is a path', async () => {
    await writeFile(path, data);
    const id = `../${path.split('/').slice(-2).join('/')}`;
    expect(await read(undefined, { ...record, id })).toBeUndefined();
  });

  it('passes on an error of the engine, and skips a file whose data is unacceptable', async () => {
    await writeFile(path, data);
    const fail = (error: Error): Promise<Buffer | undefined> =>
      shared.use<Buffer>(record, abort.signal, () => Promise.reject(error));
    await expect(fail(new Error('the engine is full'))).rejects.toThrow('the engine is full');
    expect(await fail(new ImageUnacceptable('no archive'))).toBeUndefined();
  });

  it('skips a file server that has not answered an earlier request, and uses it again after the answer', async () => {
    await writeFile(path, data);
    const server = new FileServer(50);
    const logger: Logger = { ...noOpLogger, warn: (message) => void warnings.push(message) };
    shared = new SharedDirectory(await folder.path(), logger, server);
    let answer = (): void => undefined;
    const question = new Promise<void>((resolve) => (answer = resolve));
    await expect(server.answer(question)).rejects.toMatchObject({ name: 'SharedFileUnusable' });
    expect(await read()).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('has not answered an earlier request')]);
    answer();
    await question;
    expect((await read())?.equals(data)).toBe(true);
  });

  it('stops reading, and closes the file, when its signal aborts', async () => {
    await writeFile(path, data);
    const reason = new Error('enough');
    const using = shared.use(record, abort.signal, async (file) => {
      const stream = await file.download({ signal: abort.signal });
      abort.abort(reason);
      return await readAll(stream, Infinity);
    });
    await expect(using).rejects.toBe(reason);
    while ((await openFiles()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(warnings).toEqual([]);
  });
});

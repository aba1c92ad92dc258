import { describe, expect, it } from '@jest/globals';
import {
  blockSize,
  fileHeader,
  FileSystemReader,
  headersAt,
  paddingAfter,
  type FileSystemEntry,
} from '../../../lib/archives/index.js';

const filled = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc(paddingAfter(content.length))]);

/** A capability, as engines write it: bytes that are no text. */
const capability = Buffer.concat([
  Buffer.from('49 SCHILY.xattr.security.capability='),
  Buffer.from([1, 0, 0, 2, 0xff, 0x80, 0xc3, 0x28, 0, 0, 0, 10]),
  Buffer.from('\n'),
]);
const extended = Buffer.concat([fileHeader('PaxHeaders', capability.length, 'x'), filled(capability)]);
const file = Buffer.concat([extended, fileHeader('bin/ping', 4), filled(Buffer.from('ping'))]);
const end = Buffer.alloc(2 * blockSize);

const chunks = async function* (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
};

async function read(bytes: Buffer, size: number): Promise<{ entries: FileSystemEntry[]; copy: Buffer }> {
  const reader = new FileSystemReader(chunks(bytes, size));
  const entries: FileSystemEntry[] = [];
  const copy: Buffer[] = [];
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
    entries.push(entry);
    copy.push(entry.headers);
    for await (const piece of reader.content()) copy.push(piece);
  }
  return { entries, copy: Buffer.concat(copy) };
}

describe('FileSystemReader', () => {
  it.each([1, 100, 512, 100_000])(
    'passes on every byte of an entry unchanged, in chunks of %i',
    async (size) => {
      const { entries, copy } = await read(Buffer.concat([file, end]), size);
      expect(copy.equals(file)).toBe(true);
      expect(entries).toMatchObject([{ path: 'bin/ping', kind: 'other', target: '' }]);
    },
  );

  it('keeps binary extended attributes when an entry gets another path', async () => {
    const { entries } = await read(Buffer.concat([file, end]), 512);
    const [entry] = entries;
    if (entry === undefined) throw new Error('there is an entry');
    const moved = Buffer.concat([headersAt('var/data/ping', '', entry), filled(Buffer.from('ping')), end]);
    const again = await read(moved, 512);
    expect(again.entries).toMatchObject([{ path: 'var/data/ping' }]);
    expect(moved.includes(capability)).toBe(true);
  });

  it.each([
    ['in its header', 100],
    ['in its content', file.length - blockSize + 2],
    ['before its end mark', file.length],
  ])('refuses an archive that ends %s: half of the files would be lost', async (_where, length) => {
    await expect(read(file.subarray(0, length), 512)).rejects.toThrow('is truncated');
  });

  it('refuses a damaged header: files would be lost', async () => {
    const damaged = Buffer.from(file);
    damaged.write('X', 3);
    await expect(read(Buffer.concat([damaged, end]), 512)).rejects.toThrow('is damaged');
  });

  it.each([
    ['of an entry of an unknown type', 'Z'],
    ['of a file in the old format', '\0'],
  ])('reads the content %s as content, as engines do', async (_what, typeflag) => {
    const { entries } = await read(
      Buffer.concat([fileHeader('a', blockSize, typeflag), file.subarray(0, blockSize), end]),
      512,
    );
    expect(entries).toMatchObject([{ path: 'a' }]);
  });

  it('applies only the last of several extended headers, as engines do', async () => {
    const size = Buffer.from('12 size=512\n');
    const claims = Buffer.concat([fileHeader('PaxHeaders', size.length, 'x'), filled(size)]);
    const { entries } = await read(Buffer.concat([claims, extended, fileHeader('a', 0), file, end]), 512);
    expect(entries).toMatchObject([{ path: 'a' }, { path: 'bin/ping' }]);
  });

  it('ignores the size of a folder in the old format, as engines do', async () => {
    const { entries } = await read(Buffer.concat([fileHeader('a/', blockSize, '\0'), file, end]), 512);
    expect(entries).toMatchObject([{ path: 'a' }, { path: 'bin/ping' }]);
  });

  it('refuses endless headers before an entry, which would fill the memory', async () => {
    const large = fileHeader('x', 1024 * 1024, 'L');
    const headers = Array.from({ length: 5 }, () => [large, Buffer.alloc(1024 * 1024, 'x\0')]).flat();
    await expect(read(Buffer.concat([...headers, file, end]), 64 * 1024)).rejects.toThrow(
      /holds \d+ bytes of headers before one entry/,
    );
  });

  it('skips content that is not read', async () => {
    const reader = new FileSystemReader(chunks(Buffer.concat([file, file, end]), 700));
    expect((await reader.next())?.path).toBe('bin/ping');
    expect((await reader.next())?.path).toBe('bin/ping');
    expect(await reader.next()).toBeUndefined();
  });
});

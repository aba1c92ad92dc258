import { describe, expect, it } from '@jest/globals';
import { verify } from 'unixcrypt';
import { instanceFiles } from '../../../../lib/instances/index.js';
import { newInstance } from '../../../support/nova-objects.js';

const existing = (text: string): { contents: Buffer; mode: number; uid: number; gid: number } => ({
  contents: Buffer.from(text),
  mode: 0o640,
  uid: 0,
  gid: 42,
});

describe('the files of an instance', () => {
  it('are none when nothing is injected', () => {
    expect(instanceFiles(newInstance(), [], undefined)).toEqual({ write: [], change: [] });
  });

  it('are written to the paths that the caller gives, relative to the root', () => {
    const { write } = instanceFiles(
      newInstance(),
      [
        ['/etc/motd', 'hello'],
        ['opt//x', Buffer.from([1])],
      ],
      null,
    );
    expect(write.map(({ path, contents }) => [path, contents?.toString('latin1')])).toEqual([
      ['etc/motd', 'hello'],
      ['opt/x', '\u0001'],
    ]);
  });

  it.each(['', '/', '../etc/passwd', '/etc/../../x', 'a\0b'])('may not have the path %p', (path) => {
    expect(() => instanceFiles(newInstance(), [[path, '']], null)).toThrow(
      expect.objectContaining({ name: 'InvalidInput' }),
    );
  });

  it('hold the decoded user data where cloud-init looks for it', () => {
    const user_data = Buffer.from('#cloud-config\n').toString('base64');
    const { write } = instanceFiles(newInstance({ user_data }), [], null);
    expect(write).toMatchObject([
      { path: expect.stringMatching(/openstack\/latest\/user_data$/), mode: 0o600 },
    ]);
    expect(write[0]?.contents?.toString()).toBe('#cloud-config\n');
    expect(() => instanceFiles(newInstance({ user_data: 'not base64!' }), [], null)).toThrow(
      expect.objectContaining({ name: 'InvalidInput' }),
    );
  });

  it('append the key to those that the image authorizes', () => {
    const { change } = instanceFiles(newInstance({ key_data: 'ssh-ed25519 AAAA me' }), [], null);
    const written = (before?: string): string | undefined =>
      change[0]?.change(before === undefined ? undefined : existing(before))?.contents.toString();
    expect(written()).toBe('ssh-ed25519 AAAA me\n');
    expect(written('ssh-rsa BBBB')).toBe('ssh-rsa BBBB\nssh-ed25519 AAAA me\n');
  });

  it('set the password of root only', () => {
    const { change } = instanceFiles(newInstance(), [], 'sesame');
    expect(change[0]?.path).toBe('etc/shadow');
    const file = change[0]?.change(existing('daemon:*:1:0\nroot:!:1:0:99999:7:::\nbin:*:1:0\n'));
    expect(file).toMatchObject({ mode: 0o640, gid: 42 });
    const lines = file?.contents.toString().split('\n') ?? [];
    expect(lines[0]).toBe('daemon:*:1:0');
    expect(lines[2]).toBe('bin:*:1:0');
    expect(verify('sesame', lines[1]?.split(':')[1] ?? '')).toBe(true);
  });

  it('leave an image without root unchanged', () => {
    const { change } = instanceFiles(newInstance(), [], 'sesame');
    expect(change[0]?.change(undefined)).toBeUndefined();
    expect(change[0]?.change(existing('daemon:*:1:0\n'))).toBeUndefined();
  });
});

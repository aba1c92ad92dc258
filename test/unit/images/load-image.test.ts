import { describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { EngineError } from '../../../lib/engine/index.js';
import { loadError } from '../../../lib/images/load-image.js';

const request = { method: 'POST', path: '/images/load' };
const inBand = (words: string): EngineError => new EngineError(request, 200, words, { inBand: true });
const unpacking = 'Error processing tar file(exit status 1): ';
const applying =
  'apply layer error for "docker.io/test/image:1": failed to extract layer sha256:0: mount callback failed on /tmp/mount1: ';

describe('loadError', () => {
  // Engines sent each of these: 20.10 those with "Error processing", 28.5 with the containerd store those
  // with "apply layer error", 28.5 the others.
  it.each([
    `${unpacking}archive/tar: invalid tar header`,
    'archive/tar: invalid tar header',
    `${unpacking}unexpected EOF`,
    'unexpected EOF',
    `${unpacking}unhandled tar header type 86`,
    'unhandled tar header type 86',
    'Error processing tar file(duplicates of file paths not supported): ',
    'duplicates of file paths not supported',
    'invalid entry name "../../escape"',
    'invalid hardlink target "../../../etc/passwd"',
    'invalid whiteout entry ".wh."',
    `${applying}invalid whiteout name: .wh.: invalid archive`,
    `${unpacking}failed to mknod("/", S_IFCHR, 0): file exists`,
    'invalid diffID for layer 0: expected "sha256:0", got "sha256:1"',
    'statat l: path escapes from parent',
    `${unpacking}open /a/x: too many levels of symbolic links`,
    `${unpacking}link /nope /h: no such file or directory`,
    'linkat nope h: no such file or directory',
    "invalid character '[' exceeded max depth",
    'json: cannot unmarshal number 1e15 into Go struct field Config.config.StopTimeout of type int',
    `${applying}archive/tar: invalid tar header`,
    `${applying}unexpected EOF`,
    `${applying}unhandled tar header type 86`,
    `${applying}link /tmp/mount1/nope /tmp/mount1/h: no such file or directory`,
    `${applying}failed to get root path: too many links`,
  ])('returns ImageUnacceptable for: %s', (words) => {
    const error = inBand(words);
    const refusal = loadError('the-id', error);
    expect(refusal).toBeInstanceOf(ImageUnacceptable);
    expect(refusal).toMatchObject({ cause: error, message: expect.stringContaining(words) });
  });

  it.each([
    `${unpacking}write /large: no space left on device`,
    'write /large: disk quota exceeded',
    `${unpacking}open /f: read-only file system`,
    'lsetxattr /p: xattr "bogus.big": operation not supported',
    `${unpacking}invalid argument`,
    `openat ${'n'.repeat(300)}: file name too long`,
    'open /var/lib/docker/tmp/docker-import-1/manifest.json: no such file or directory',
    'Error processing tar file(signal: killed): ',
    'context canceled',
    `${applying}write /tmp/mount1/large: no space left on device`,
    `${applying}link /tmp/mount1/a /tmp/mount1/b: too many links`,
  ])('returns the error unchanged when the host is at fault, or may be: %s', (words) => {
    const error = inBand(words);
    expect(loadError('the-id', error)).toBe(error);
  });

  it('decides by the message, whatever the status', () => {
    const refused = new EngineError(request, 500, 'archive/tar: invalid tar header');
    expect(loadError('the-id', refused)).toBeInstanceOf(ImageUnacceptable);
    const failed = new EngineError(request, 503, 'no space left on device');
    expect(loadError('the-id', failed)).toBe(failed);
  });

  it('returns an error unchanged that is not from the engine', () => {
    const error = new Error('unexpected EOF');
    expect(loadError('the-id', error)).toBe(error);
  });
});

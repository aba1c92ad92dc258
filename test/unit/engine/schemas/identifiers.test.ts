import { describe, expect, it } from '@jest/globals';

import { InvalidInput } from '../../../../interfaces/index.js';
import {
  containerRef,
  execId,
  imageId,
  imageRef,
  imageReference,
  networkRef,
  repositoryName,
  tagName,
} from '../../../../lib/engine/index.js';
import { path } from '../../../../lib/engine/request-path.js';

const hex = 'a1'.repeat(32);

/** Identifiers by which an attacker might reach another path or another engine. */
const nasty = [
  '',
  '.',
  '..',
  '../..',
  'a/..',
  '../containers/json',
  '%2e%2e',
  '%2e%2e%2fcontainers',
  'a%2f..',
  'a?force=1',
  'a#b',
  'a b',
  ' a',
  'a ',
  'a\n',
  'a\r\nHost: evil',
  'a\0b',
  '\u202e',
  'ａ',
  'é',
  '-a',
  '_a',
  '.a',
  '/a',
  '//evil/a',
  'http://evil/',
  'a\\..\\b',
  'a;b',
  'a&b',
  'a=b',
  '$(id)',
  'x'.repeat(5000),
];

describe.each([
  ['containerRef', containerRef],
  ['networkRef', networkRef],
  ['imageRef', imageRef],
  ['imageId', imageId],
  ['execId', execId],
  ['repositoryName', repositoryName],
] as const)('%s', (_name, check: (text: string) => string) => {
  it.each(nasty)('refuses %j', (text) => {
    expect(() => check(text)).toThrow(InvalidInput);
  });

  it('refuses, at every position, each character that an identifier may not have', () => {
    const forbidden = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => !/[a-zA-Z0-9_.:@/-]/.test(character),
    );
    const texts = forbidden.flatMap((each) => [`${each}ab`, `a${each}b`, `ab${each}`]);
    const isRefused = (text: string): boolean => {
      try {
        check(text);
        return false;
      } catch (error) {
        return error instanceof InvalidInput;
      }
    };
    expect(texts.filter((text) => !isRefused(text))).toEqual([]);
  });
});

describe('containerRef and networkRef', () => {
  it.each(['ab', hex, hex.slice(0, 12), 'instance-00000001', 'A_b.c-d', '0a', 'json', 'create'])(
    'accept %s',
    (name) => {
      expect(containerRef(name)).toBe(name);
      expect(networkRef(name)).toBe(name);
    },
  );

  it('refuse a single character, as the engine does', () => {
    expect(() => containerRef('a')).toThrow(InvalidInput);
  });
});

describe('imageRef', () => {
  it.each([
    'busybox',
    'busybox:1.36',
    'library/busybox:latest',
    'nova-docker-driver.invalid/image:7f3c8a52-0000-4000-8000-0123456789ab',
    'localhost/thing',
    'localhost:5000/a/b:c',
    'registry.example.org:5000/a/b_c/d__e/f--g:V1.0',
    'Registry.Example.org/a',
    `busybox@sha256:${hex}`,
    `busybox:1@sha256:${hex}`,
    `sha256:${hex}`,
    `sha512:${hex}${hex}`,
    'a',
  ])('accepts %s', (text) => {
    expect(imageRef(text)).toBe(text);
  });

  it.each([
    'Busybox',
    'busybox:',
    'busybox:.x',
    'busybox:a:b',
    'busybox@sha256:abc',
    'busybox@md5:abc',
    `@sha256:${hex}`,
    'a//b',
    'a/./b',
    'a/../b',
    'a/b/',
    'a._b',
    'a___b',
    'a-',
    '.example.org/a',
    'example..org/a',
    'host:port/a',
    'localhost:123456/a',
    hex,
    `sha256:${hex.slice(0, 12)}`,
    `sha256:${hex.toUpperCase()}`,
    `x:${'t'.repeat(129)}`,
    `${'r'.repeat(256)}:t`,
  ])('refuses %s', (text) => {
    expect(() => imageRef(text)).toThrow(InvalidInput);
  });
});

describe('imageReference', () => {
  it('joins a repository and a tag', () => {
    expect(imageReference('nova-docker-driver.invalid/image', 'x_1')).toBe(
      'nova-docker-driver.invalid/image:x_1',
    );
  });

  it.each([
    ['a', 'b:c'],
    ['a', ''],
    ['a', '-b'],
    ['a', 'b/c'],
    ['a:b', 'c'],
    ['a@sha256', 'c'],
    ['', 'c'],
  ])('refuses repository %j with tag %j, which would parse differently when joined', (repository, tag) => {
    expect(() => imageReference(repository, tag)).toThrow(InvalidInput);
  });
});

describe('tagName', () => {
  it.each(nasty.filter((text) => text !== '_a'))('refuses %j', (text) => {
    expect(() => tagName(text)).toThrow(InvalidInput);
  });
});

describe('path', () => {
  it('builds a path from checked identifiers', () => {
    const image = imageRef('localhost:5000/a/b:c');
    expect(path`/images/${image}/json`).toBe('/images/localhost:5000/a/b:c/json');
  });

  it('builds only paths that a URL parser leaves unchanged', () => {
    for (const name of ['ab', 'a..b', 'a...', 'x.y-z_0']) {
      const built = path`/containers/${containerRef(name)}/json`;
      expect(new URL(`http://localhost${built}`).pathname).toBe(built);
    }
  });
});

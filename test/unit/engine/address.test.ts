import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { InvalidInput } from '../../../interfaces/index.js';
import { engineAddress } from '../../../lib/engine/index.js';

describe('engineAddress', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'engine-address-'));
    for (const name of ['ca', 'cert', 'key']) writeFileSync(join(folder, `${name}.pem`), `the ${name}`);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['unix:///run/docker.sock', { socketPath: '/run/docker.sock' }],
    ['tcp://10.0.0.1:2375', { hostname: '10.0.0.1', port: 2375 }],
    ['tcp://engine', { hostname: 'engine', port: 2375 }],
    ['tcp://engine:80', { hostname: 'engine', port: 80 }],
    ['tcp://[::1]:2375', { hostname: '::1', port: 2375 }],
    ['http://engine', { hostname: 'engine', port: 80 }],
    ['http://engine:2375/', { hostname: 'engine', port: 2375 }],
    ['https://engine:2376', { hostname: 'engine', port: 2376, tls: { rejectUnauthorized: true } }],
    ['https://engine', { hostname: 'engine', port: 443, tls: { rejectUnauthorized: true } }],
  ])('parses %s', (option, address) => {
    expect(engineAddress(option, {})).toEqual(address);
  });

  it('prefers the option to DOCKER_HOST, and DOCKER_HOST to the default socket', () => {
    const env = { DOCKER_HOST: 'tcp://from-env:1' };
    expect(engineAddress('tcp://from-option:2', env)).toMatchObject({ hostname: 'from-option' });
    expect(engineAddress(undefined, env)).toMatchObject({ hostname: 'from-env' });
    expect(engineAddress(undefined, {})).toEqual({ socketPath: '/var/run/docker.sock' });
    expect(engineAddress(undefined, { DOCKER_HOST: '' })).toEqual({ socketPath: '/var/run/docker.sock' });
  });

  it('reads the TLS files that the options name', () => {
    const options = {
      host: 'tcp://engine',
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'cert.pem'),
      key: Buffer.from('a key in memory'),
    };
    expect(engineAddress(options)).toEqual({
      hostname: 'engine',
      port: 2376,
      tls: {
        ca: Buffer.from('the ca'),
        cert: Buffer.from('the cert'),
        key: Buffer.from('a key in memory'),
        rejectUnauthorized: true,
      },
    });
  });

  it('verifies the certificate of the engine unless tlsVerify is false', () => {
    expect(engineAddress({ host: 'https://engine' })).toMatchObject({ tls: { rejectUnauthorized: true } });
    expect(engineAddress({ host: 'https://engine', insecureSkipTlsVerify: true })).toMatchObject({
      tls: { rejectUnauthorized: false },
    });
  });

  it.each([{ DOCKER_TLS_VERIFY: '1' }, { DOCKER_TLS_VERIFY: '' }, {}])(
    'verifies with the files of DOCKER_CERT_PATH, regardless of DOCKER_TLS_VERIFY: %j',
    (more) => {
      const env = { DOCKER_HOST: 'tcp://engine:2376', DOCKER_CERT_PATH: folder, ...more };
      expect(engineAddress(undefined, env)).toMatchObject({
        tls: { ca: Buffer.from('the ca'), rejectUnauthorized: true },
      });
    },
  );

  it('uses no TLS on a Unix socket, even if DOCKER_CERT_PATH is set', () => {
    const env = { DOCKER_HOST: 'unix:///run/docker.sock', DOCKER_CERT_PATH: '/nowhere' };
    expect(engineAddress(undefined, env)).toEqual({ socketPath: '/run/docker.sock' });
  });

  it.each([
    '',
    'docker.sock',
    '/var/run/docker.sock',
    'unix://',
    'unix://relative.sock',
    'npipe:////./pipe/docker_engine',
    'ssh://user@engine',
    'fd://',
    'file:///etc/passwd',
    'tcp://',
    'tcp://engine:notaport',
    'tcp://engine:99999',
    'tcp://user:secret@engine:2375',
    'tcp://engine:2375/v1.41',
    'http://engine:2375/?x=1',
  ])('refuses %j', (option) => {
    expect(() => engineAddress(option, {})).toThrow(InvalidInput);
  });

  it('suggests unix:// for a plain path', () => {
    expect(() => engineAddress('/var/run/docker.sock', {})).toThrow(
      /write unix:\/\/\/var\/run\/docker\.sock/,
    );
  });

  it.each([
    [{ host: 'tcp://engine', caFile: '/ca.pem', certFile: '/cert.pem' }, /"caFile", "certFile"/],
    [{ socketPath: '/var/run/docker.sock' }, /"socketPath"/],
    [{ host: 2375 }, /host/],
    [{ host: 'tcp://engine', insecureSkipTlsVerify: 'no' }, /insecureSkipTlsVerify/],
    [2375, /number/],
    [null, /null/],
  ])('refuses %j and names the invalid field or type', (option: unknown, named) => {
    // As a JavaScript caller may do.
    const refused = (): unknown => Reflect.apply(engineAddress, undefined, [option, {}]);
    expect(refused).toThrow(InvalidInput);
    expect(refused).toThrow(named);
  });

  it('refuses unreadable TLS files, a certificate without its key, and TLS options with http://', () => {
    expect(() => engineAddress({ host: 'tcp://engine', ca: join(folder, 'none.pem') })).toThrow(
      /ca file .*none\.pem cannot be read/,
    );
    expect(() => engineAddress({ host: 'tcp://engine', cert: join(folder, 'cert.pem') })).toThrow(/together/);
    expect(() => engineAddress({ host: 'http://engine', insecureSkipTlsVerify: false })).toThrow(
      InvalidInput,
    );
  });
});

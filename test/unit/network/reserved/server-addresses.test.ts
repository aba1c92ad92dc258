/**
 * This file replaces a module of Node.
 *
 * @jest-environment node
 */
import type { LookupAddress } from 'node:dns';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '../../../../interfaces/index.js';
import { noOpLogger } from '../../../support/silent-logger.js';

let resolve: (name: string) => Promise<LookupAddress[]>;
let lookups: string[];

// No name server that tests may ask fails on demand.
jest.unstable_mockModule('node:dns/promises', () => ({
  lookup: (name: string) => {
    lookups.push(name);
    return resolve(name);
  },
}));
const { ServerAddresses } = await import('../../../../lib/network/reserved/server-addresses.js');

const at =
  (...addresses: readonly string[]) =>
  (): Promise<LookupAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
const failing = (code: string) => (name: string) =>
  Promise.reject<LookupAddress[]>(Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code }));
/** Like a resolver whose name servers do not answer. */
const silent = (): Promise<LookupAddress[]> => new Promise(() => undefined);

describe('the addresses of a server by name', () => {
  let warnings: [string, object | undefined][];
  let servers: InstanceType<typeof ServerAddresses>;
  beforeEach(() => {
    lookups = [];
    warnings = [];
    const logger: Logger = { ...noOpLogger, warn: (...words) => void warnings.push([words[0], words[1]]) };
    servers = new ServerAddresses(logger);
  });
  const addresses = async (name = 'glance.example'): Promise<string[]> =>
    (await servers.of(name, undefined)).map(({ address }) => address);

  it('are those of now', async () => {
    resolve = at('192.0.2.9', '2001:db8::9');
    expect(await addresses()).toEqual(['192.0.2.9', '2001:db8::9']);
    resolve = at('192.0.2.10');
    expect(await addresses()).toEqual(['192.0.2.10']);
    expect(warnings).toEqual([]);
  });

  it('are the address itself, which needs no resolver', async () => {
    resolve = failing('EAI_AGAIN');
    expect(await addresses('192.0.2.9')).toEqual(['192.0.2.9']);
    expect(lookups).toEqual([]);
  });

  it.each(['EAI_AGAIN', 'ENOTFOUND', 'EAI_FAIL'])(
    'are the last known ones while the resolver fails with %s, with one warning for each outage',
    async (code) => {
      for (let outage = 0; outage < 2; outage += 1) {
        resolve = at('192.0.2.9');
        await addresses();
        resolve = failing(code);
        expect(await addresses()).toEqual(['192.0.2.9']);
        expect(await addresses()).toEqual(['192.0.2.9']);
      }
      const details = expect.objectContaining({ server: 'glance.example', lastKnown: ['192.0.2.9'] });
      expect(warnings).toEqual([
        [expect.any(String), details],
        [expect.any(String), details],
      ]);
    },
  );

  it('are none where the name does not exist: no request can go to it', async () => {
    resolve = failing('ENOTFOUND');
    expect(await addresses()).toEqual([]);
    expect(await addresses()).toEqual([]);
    expect(warnings).toHaveLength(1);
    resolve = at('192.0.2.9');
    expect(await addresses()).toEqual(['192.0.2.9']);
  });

  it.each(['EAI_AGAIN', 'EAI_FAIL'])(
    'are unknown where the resolver has failed from the start with %s: no network is created on this host',
    async (code) => {
      resolve = failing(code);
      await expect(addresses()).rejects.toMatchObject({
        name: 'ComputeResourcesUnavailable',
        message: expect.stringMatching(/glance\.example.*EAI_.*by its IP address/),
      });
      resolve = at('192.0.2.9');
      expect(await addresses()).toEqual(['192.0.2.9']);
    },
  );

  it('are waited for with a deadline: the last known ones count after it', async () => {
    resolve = at('192.0.2.9');
    await addresses();
    resolve = silent;
    jest.useFakeTimers();
    try {
      const waiting = [addresses(), addresses()];
      await jest.advanceTimersByTimeAsync(5000);
      expect(await Promise.all(waiting)).toEqual([['192.0.2.9'], ['192.0.2.9']]);
    } finally {
      jest.useRealTimers();
    }
    // One lookup serves all that wait: lookups take threads of the process.
    expect(lookups).toHaveLength(2);
  });

  it('end the wait when the caller aborts, with its reason', async () => {
    resolve = silent;
    const abort = new AbortController();
    const waiting = servers.of('glance.example', abort.signal);
    const reason = new Error('the host is being cleaned up');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

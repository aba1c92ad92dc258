import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nameServersIn } from '../../../../lib/network/reserved/name-servers.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('the name servers of a host', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await folder.remove();
  });

  const write = async (file: string, ...lines: readonly string[]): Promise<void> => {
    const path = join(await folder.path(), file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  };
  const read = async (): Promise<{ addresses: string[]; faults: readonly string[] }> => {
    const { addresses, faults } = await nameServersIn(await folder.path());
    return { addresses: addresses.map(({ address }) => address), faults };
  };

  it('are those behind the stub of systemd-resolved', async () => {
    await write('run/systemd/resolve/stub-resolv.conf', 'nameserver 127.0.0.53', 'options edns0 trust-ad');
    await write('run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.53', 'nameserver 2001:db8::53');
    await mkdir(join(await folder.path(), 'etc'));
    // An absolute link, as some systems have it: it must not lead to the file of this machine.
    await symlink('/run/systemd/resolve/stub-resolv.conf', join(await folder.path(), 'etc/resolv.conf'));
    expect(await read()).toEqual({
      addresses: ['127.0.0.53', '192.0.2.53', '2001:db8::53'],
      faults: [],
    });
  });

  it('are those behind the local resolver of NetworkManager or dnsmasq', async () => {
    await write('etc/resolv.conf', 'nameserver 127.0.0.1');
    await write('run/NetworkManager/resolv.conf', 'nameserver 127.0.0.1');
    await write('run/NetworkManager/no-stub-resolv.conf', 'nameserver 192.0.2.1');
    await write('run/dnsmasq/resolv.conf', 'nameserver 192.0.2.2');
    const { addresses, faults } = await read();
    expect(addresses).toEqual(expect.arrayContaining(['192.0.2.1', '192.0.2.2']));
    expect(faults).toEqual([]);
  });

  it.each([
    ['nameserver 192.0.2.1', '192.0.2.1'],
    ['  nameserver\t192.0.2.1  ', '192.0.2.1'],
    ['nameserver 192.0.2.1 # the first', '192.0.2.1'],
    ['nameserver 192.0.2.1;the first', '192.0.2.1'],
    ['nameserver 192.0.2.1#5353', '192.0.2.1'],
    ['nameserver 192.0.2.1:5353', '192.0.2.1'],
    ['nameserver 192.0.2.1:53%eth0#dns.example', '192.0.2.1'],
    ['nameserver fe80::1%eth0', 'fe80::1'],
    ['nameserver fe80::1%2', 'fe80::1'],
    ['nameserver 2001:db8::53#dns.example', '2001:db8::53'],
    ['nameserver [2001:db8::53]:5353', '2001:db8::53'],
    ['nameserver [fe80::1%eth0]:53', 'fe80::1'],
    ['nameserver [2001:db8::53]', '2001:db8::53'],
    ['nameserver [2001:db8::53]:853#dns.example', '2001:db8::53'],
    ['nameserver 192.0.2.1\r', '192.0.2.1'],
  ])('may have a zone, a port or a comment: %p', async (line, address) => {
    await write('etc/resolv.conf', 'search example.org', line);
    expect(await read()).toEqual({ addresses: [address], faults: [] });
  });

  it('are not in other lines', async () => {
    await write(
      'etc/resolv.conf',
      '# nameserver 192.0.2.1',
      '; nameserver 192.0.2.1',
      'nameservers 192.0.2.1',
    );
    expect(await read()).toEqual({ addresses: [], faults: [] });
  });

  it.each(['nameserver dns.example', 'nameserver 10.1', 'nameserver', 'nameserver [192.0.2.1'])(
    'are not known from a malformed line, which is a fault with its file: %p',
    async (line) => {
      await write('etc/resolv.conf', line, 'nameserver 192.0.2.1');
      expect(await read()).toEqual({
        addresses: ['192.0.2.1'],
        faults: [`/etc/resolv.conf: ${JSON.stringify(line.slice(11))} is not an IP address`],
      });
    },
  );

  it('are not known from a file that cannot be read, which is a fault, too', async () => {
    await write('etc/resolv.conf/directory');
    await write('run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.1');
    expect(await read()).toEqual({
      addresses: ['192.0.2.1'],
      faults: [expect.stringMatching(/^\/etc\/resolv\.conf: EISDIR/)],
    });
  });

  it('are none where there is no file', async () => {
    expect(await read()).toEqual({ addresses: [], faults: [] });
  });
});

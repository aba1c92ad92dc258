import { getServers } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { AddressBlock } from '../../common/index.js';
import { addressAlone } from '../../common/index.js';
import { asError } from '../../streams/index.js';
import { pathInRoot } from './path-in-root.js';

/**
 * Files with name servers. `/etc/resolv.conf` may have only a local resolver (`127.0.0.53`); systemd-resolved,
 * NetworkManager and dnsmasq then list the servers behind it in files of their own.
 */
const resolverFiles = [
  '/etc/resolv.conf',
  '/run/systemd/resolve/resolv.conf',
  '/run/NetworkManager/resolv.conf',
  '/run/NetworkManager/no-stub-resolv.conf',
  '/run/dnsmasq/resolv.conf',
];

/** Name servers, and what could not be read of them. */
export interface NameServers {
  readonly addresses: readonly AddressBlock[];
  /** What is malformed or unreadable, and where, for a warning. */
  readonly faults: readonly string[];
}

/**
 * Reads the name servers that processes with a certain root directory ask, and those that their local resolver asks.
 * Never throws: what cannot be read is among the faults.
 *
 * @param root - `/`, or `/proc/PID/root`.
 */
export async function nameServersIn(root: string): Promise<NameServers> {
  return together(await Promise.all(resolverFiles.map((file) => listedIn(root, file))));
}

/** The name servers that Node asks: those of the system, unless the program has set others. */
export function nodeNameServers(): NameServers {
  return together(getServers().map((server) => nameServer(server, "the name servers of Node's resolver")));
}

/** Adds up name servers. */
export function together(all: readonly NameServers[]): NameServers {
  return {
    addresses: all.flatMap(({ addresses }) => addresses),
    faults: all.flatMap(({ faults }) => faults),
  };
}

async function listedIn(root: string, file: string): Promise<NameServers> {
  let text: string;
  try {
    const path = await pathInRoot(root, file);
    if (path === undefined) return together([]);
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { addresses: [], faults: [`${file}: ${asError(error).message}`] };
  }
  const servers = [...text.matchAll(/^[ \t]*nameserver(?!\S)[ \t]*([^\s;]*)/gm)];
  return together(servers.map(([, server = '']) => nameServer(server, file)));
}

/** @param text - an address, perhaps with a zone (`%eth0`), a port (`#53`, `:53`) and brackets. */
function nameServer(text: string, source: string): NameServers {
  const [bare = ''] = text.replace(/^\[([^\]]*)\](?=$|[:#%])[^]*/, '$1').split(/[%#]/);
  const block = addressAlone(bare.replace(/^([\d.]+):\d+$/, '$1'));
  return block === undefined
    ? { addresses: [], faults: [`${source}: ${JSON.stringify(text)} is not an IP address`] }
    : { addresses: [block], faults: [] };
}

import { networkInterfaces } from 'node:os';

/**
 * The first external IPv4 address of this machine, like the default of Nova's `my_ip`; the loopback address if there is
 * none.
 */
export function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

import { networkInterfaces } from 'node:os';

/**
 * The first IPv4 address of this machine that others can reach, as Nova's `my_ip` defaults to; the loopback address
 * where there is none.
 */
export function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

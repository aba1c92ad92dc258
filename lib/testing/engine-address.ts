/** An engine's address in the terms of `node:net`. */
export type EngineAddress = { readonly path: string } | { readonly host: string; readonly port: number };

const unixAddress = /^unix:\/\/(?<path>\/.+)$/;
const tcpAddress = /^tcp:\/\/(?<host>\[[0-9a-f:.]+\]|[^/:[\]]+):(?<port>\d{1,5})\/?$/i;

/**
 * Parses an address in the form of `DOCKER_HOST`, without TLS.
 *
 * @param engine - `unix:///path/of/socket` or `tcp://host:port`.
 * @throws TypeError when it is neither.
 */
export function engineAddress(engine: string): EngineAddress {
  const path = unixAddress.exec(engine)?.groups?.['path'];
  if (path !== undefined) {
    return { path };
  }
  const tcp = tcpAddress.exec(engine)?.groups;
  const host = tcp?.['host'];
  const port = tcp?.['port'];
  if (host === undefined || port === undefined) {
    throw new TypeError(`"${engine}" is not an engine address: use unix:///path or tcp://host:port.`);
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

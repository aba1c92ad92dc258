import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OrdinaryCall } from './call.js';
import type { Call } from './call.js';
import { UpgradeCall } from './upgrade-call.js';

/** A server on a socket that replaces an engine's. */
export interface Listener {
  /** The address for a client, in the form of `DOCKER_HOST`: `unix:///path`. */
  readonly host: string;
  /**
   * Closes all connections and removes the socket.
   *
   * @throws AggregateError with the errors of handlers.
   */
  readonly close: () => Promise<void>;
}

/**
 * Listens on a Unix socket like an engine: no timeout for requests or silence, half-closed connections stay open, and
 * upgraded connections are raw.
 *
 * @param handle - answers one call; its error closes the call's connection and is reported by `close`.
 * @param path - the socket's path; default: in a temporary directory that `close` removes.
 */
export async function listen(handle: (call: Call) => Promise<void>, path?: string): Promise<Listener> {
  const place: Place = path === undefined ? await temporaryPlace() : { socketPath: resolve(path) };
  const connections = new Set<Duplex>();
  const failures: unknown[] = [];

  const serve = async (call: Call): Promise<void> => {
    try {
      await handle(call);
    } catch (error) {
      failures.push(error);
      call.hangUp();
    }
  };
  // Query strings contain whole filter lists: accept 1 MiB of headers, the limit of Go's server.
  const server = createServer({
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    maxHeaderSize: 1 << 20,
  });
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  server.on('request', (request, response) => void serve(new OrdinaryCall(request, response)));
  server.on('upgrade', (request, connection, head) => {
    // A client that disconnects before the end of its request has made no call.
    UpgradeCall.from(request, connection, head).then(serve, () => connection.destroy());
  });
  server.listen(place.socketPath);
  try {
    await once(server, 'listening');
  } catch (error) {
    await remove(place);
    throw error;
  }

  return {
    host: `unix://${place.socketPath}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) {
        connection.destroy();
      }
      await closed;
      await remove(place);
      if (failures.length > 0) {
        throw new AggregateError(failures, 'Some calls could not be handled.');
      }
    },
  };
}

interface Place {
  readonly socketPath: string;
  /** Removed together with the socket. */
  readonly folder?: string;
}

async function temporaryPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'));
  return { socketPath: join(folder, 'engine.sock'), folder };
}

/** The server removes its socket itself. */
async function remove({ folder }: Place): Promise<void> {
  if (folder !== undefined) {
    await rm(folder, { recursive: true, force: true });
  }
}

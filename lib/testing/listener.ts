import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OrdinaryCall } from './call.js';
import type { Call } from './call.js';
import { UpgradeCall } from './upgrade-call.js';

/** A socket that stands in for an engine's. */
export interface Listener {
  /** The address to give to a client, as `DOCKER_HOST` has it: `unix:///path`. */
  readonly host: string;
  /**
   * Cuts every connection and removes the socket.
   *
   * @throws AggregateError with what handlers failed with.
   */
  readonly close: () => Promise<void>;
}

/**
 * Listens on a unix socket as an engine does: no limit on how long a request or a silence takes, half-closed
 * connections stay open, and upgraded ones are handed out raw.
 *
 * @param handle - answers one call; whatever it throws cuts that call's connection and is thrown again by `close`.
 * @param path - where the socket shall be; without it, in a folder of its own that goes when the listener is closed.
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
  // Query strings hold whole filter lists: take what Go's server takes, 1 MiB of headers.
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
    // A client that goes away before the end of its request has asked nothing.
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
  /** To be removed with the socket. */
  readonly folder?: string;
}

async function temporaryPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'));
  return { socketPath: join(folder, 'engine.sock'), folder };
}

/** The server itself removes its socket. */
async function remove({ folder }: Place): Promise<void> {
  if (folder !== undefined) {
    await rm(folder, { recursive: true, force: true });
  }
}

import type { Duplex, Transform } from 'node:stream';

export function attachStreams(socket: Duplex, sink: Transform): Duplex {
  void sink;
  return socket;
}

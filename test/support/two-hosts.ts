import { DockerDriver } from '../../lib/index.js';
import type { DockerDriverOptions } from '../../lib/index.js';
import type { Harness } from '../engine/contract/harness.js';
import type { TwoHosts } from '../engine/contract/two-hosts.js';
import { busyboxImage } from './busybox-image.js';
import { dockerHarness } from './docker-harness.js';
import { engineHost } from './engine.js';
import { context, newImageMeta } from './nova-objects.js';

/** Addresses that nobody has: they are names of hosts here. */
const addresses = { source: '192.0.2.1', destination: '192.0.2.2' };

/**
 * Two compute hosts whose instances can move from one to the other. They share the engine under test, unless another one is named.
 *
 * @param options - of the source's driver; `otherEngine`: the destination's; `route`: where the source finds that, if not there.
 */
export async function twoHosts({
  otherEngine = engineHost(),
  route = otherEngine,
  ...options
}: DockerDriverOptions & {
  readonly otherEngine?: string;
  readonly route?: string;
} = {}): Promise<TwoHosts> {
  const engines = new Map([
    [addresses.source, engineHost()],
    [addresses.destination, route],
  ]);
  const migrationEngine = (dest: string): string | undefined => engines.get(dest);
  const source = await dockerHarness({
    engine: engineHost(),
    myIp: addresses.source,
    migrationEngine,
    ...options,
  });
  const { imageService } = source;
  const destination: Harness = await dockerHarness({
    engine: otherEngine,
    imageService,
    myIp: addresses.destination,
    migrationEngine,
  });
  const folders = ['gone', 'anew', 'replaced', 'volume'];
  const record = await imageService.create(
    context,
    { name: 'tree', container_format: 'docker', disk_format: 'raw' },
    await busyboxImage({
      command: ['sh'],
      layers: [folders.map((name) => ({ path: `var/${name}/file`, content: name }))],
      config: { Volumes: { '/var/volume': {} } },
    }),
  );
  const unconnected = new DockerDriver({ engine: engineHost(), imageService, myIp: addresses.source });
  await unconnected.init_host(source.host);
  return {
    source,
    destination,
    addresses,
    unconnected,
    image: newImageMeta(record.id),
    close: async () => {
      await unconnected.cleanup_host(source.host);
      await destination.close();
      await source.close();
    },
  };
}

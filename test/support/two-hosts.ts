import { DockerDriver } from '../../lib/index.js';
import type { DockerDriverOptions } from '../../lib/index.js';
import type { Harness } from '../engine/contract/harness.js';
import type { TwoHosts } from '../engine/contract/two-hosts.js';
import { busyboxImage } from './busybox-image.js';
import { dockerHarness } from './docker-harness.js';
import { engineHost } from './engine.js';
import { context, newImageMeta } from './nova-objects.js';

/** Documentation addresses (RFC 5737), which no machine has: here they name hosts. */
const addresses = { source: '192.0.2.1', destination: '192.0.2.2' };

/**
 * Two compute hosts between which instances can move, on the engine under test unless `otherEngine` is given.
 *
 * @param options - of the source driver; `otherEngine`: that of the destination; `route`: its address, if another.
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
  return {
    source,
    destination,
    addresses,
    startUnconnected: async () => {
      const driver = new DockerDriver({ engine: engineHost(), imageService, myIp: addresses.source });
      await driver.init_host(source.host);
      return driver;
    },
    image: newImageMeta(record.id),
    close: async () => {
      await destination.close();
      await source.close();
    },
  };
}

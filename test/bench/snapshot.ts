import { randomUUID } from 'node:crypto';
import type { ImageRecord } from '../../lib/index.js';
import { abba } from './abba.js';
import { calm } from './calm.js';
import { DriverProcess } from './driver-process.js';
import { median, memoryGrowth, speed, speedRatio, type Figure } from './figures.js';
import { settle, shell, timeOf } from './plain-tools.js';
import { context, dataUrl, imageService, rounds } from './surroundings.js';

const plainSnapshot = `docker commit --pause "$CONTAINER" bench/snapshot >/dev/null
  docker save bench/snapshot |
    curl --noproxy '*' -sSf -T - -H "X-Auth-Token: $TOKEN" -H 'Content-Type: application/octet-stream' "$URL"
  docker rmi bench/snapshot >/dev/null`;

/** Saves an instance as an image in Glance: `snapshot` against `docker commit; docker save | curl`. */
export async function benchSnapshot(small: ImageRecord, large: ImageRecord): Promise<Figure[]> {
  const driver = new DriverProcess();
  const uuid = randomUUID();
  const cpu: number[] = [];
  let bytes = 0;
  /** Creates a queued image, calls `fill`, verifies that the image is active, and deletes it. */
  const filling = async (fill: (image_id: string) => Promise<number>): Promise<number> => {
    const metadata = { name: 'bench snapshot', container_format: 'docker', disk_format: 'raw' };
    const { id } = await imageService.create(context, metadata);
    await shell('sync');
    await calm();
    const milliseconds = await fill(id);
    const { status, size } = await imageService.show(context, id);
    if (status !== 'active' || size === null) throw new Error(`the snapshot ${id} is ${status}`);
    bytes = size;
    await imageService.delete(context, id);
    return milliseconds;
  };
  const snapshot = (instance: string): Promise<number> =>
    filling(async (image_id) => {
      const { milliseconds, cpuMilliseconds } = await driver.do({
        verb: 'snapshot',
        uuid: instance,
        image_id,
      });
      cpu.push(cpuMilliseconds);
      return milliseconds;
    });
  try {
    const warmUp = randomUUID();
    await driver.do({ verb: 'spawn', uuid: warmUp, image_id: small.id });
    await snapshot(warmUp);
    await driver.do({ verb: 'destroy', uuid: warmUp });
    await driver.do({ verb: 'spawn', uuid, image_id: large.id });
    const CONTAINER = await shell('docker ps --all --quiet');
    await driver.watchMemory();
    cpu.length = 0;
    const times = await abba(rounds, {
      driver: () => snapshot(uuid),
      plain: () => filling((image_id) => timeOf(plainSnapshot, { CONTAINER, URL: dataUrl(image_id) })),
    });
    const growth = await driver.memoryGrowth();
    await driver.do({ verb: 'destroy', uuid });
    await settle();
    return [
      { what: 'docker commit; docker save | curl', measured: speed(bytes, median(times.plain)) },
      { what: 'snapshot', measured: speed(bytes, median(times.driver)) },
      { what: "processor time of the driver's process", measured: `${(median(cpu) / 1000).toFixed(1)} s` },
      speedRatio(times.plain, times.driver),
      memoryGrowth(growth),
    ];
  } finally {
    await driver.end();
  }
}

import { randomUUID } from 'node:crypto';
import type { ImageRecord } from '../../lib/index.js';
import { abba } from './abba.js';
import { DriverProcess } from './driver-process.js';
import { median, memoryGrowth, speed, speedRatio, type Figure } from './figures.js';
import { archiveTag } from './images.js';
import { settle, shell, timeOf } from './plain-tools.js';
import { dataUrl, rounds } from './surroundings.js';

/** Creates a container, because `spawn` does. */
const plainLoad = `curl --noproxy '*' -sSf -H "X-Auth-Token: $TOKEN" "$URL" | docker load --quiet
  docker create ${archiveTag}`;
const plainClear = `docker ps --all --quiet | xargs docker rm`;

/** Loads an image from Glance: `spawn` without a start, against `curl | docker load; docker create`. */
export async function benchLoad(small: ImageRecord, large: ImageRecord): Promise<Figure[]> {
  const bytes = large.size ?? 0;
  const driver = new DriverProcess();
  const cpu: number[] = [];
  const load = async ({ id }: ImageRecord): Promise<number> => {
    const uuid = randomUUID();
    await settle();
    const { milliseconds, cpuMilliseconds } = await driver.do({ verb: 'spawn', uuid, image_id: id });
    cpu.push(cpuMilliseconds);
    await driver.do({ verb: 'destroy', uuid });
    return milliseconds;
  };
  try {
    await load(small);
    // Reads the image into the page cache, for both contestants.
    await shell(`curl --noproxy '*' -sSf -o /dev/null -H "X-Auth-Token: $TOKEN" "$URL"`, {
      URL: dataUrl(large.id),
    });
    await driver.watchMemory();
    cpu.length = 0;
    const times = await abba(rounds, {
      driver: () => load(large),
      plain: async () => {
        await settle();
        const milliseconds = await timeOf(plainLoad, { URL: dataUrl(large.id) });
        await shell(plainClear);
        return milliseconds;
      },
    });
    const growth = await driver.memoryGrowth();
    await settle();
    return [
      { what: 'curl | docker load; docker create', measured: speed(bytes, median(times.plain)) },
      { what: 'spawn of an image that is not there', measured: speed(bytes, median(times.driver)) },
      { what: "processor time of the driver's process", measured: `${(median(cpu) / 1000).toFixed(1)} s` },
      speedRatio(times.plain, times.driver, 0.85),
      memoryGrowth(growth),
    ];
  } finally {
    await driver.end();
  }
}

import { randomUUID } from 'node:crypto';
import { DockerDriver, type ImageRecord, type Instance } from '../../lib/index.js';
import { CountedImages } from '../support/counted-images.js';
import { median, type Figure } from './figures.js';
import { newLayer, uploadImage } from './images.js';
import { settle, shell } from './plain-tools.js';
import { context, engine, imageService, rounds } from './surroundings.js';

const MB = 1000 * 1000;
const MiB = 1024 * 1024;
const spawns = 50;

const images = new CountedImages(imageService);

/** Measures boots and snapshots of an image of 500 MB, of which the engine has nine tenths already. */
export async function benchLayers(): Promise<Figure[]> {
  const shared = [newLayer(14), newLayer(13)];
  const base = await uploadImage([...shared, newLayer(3)]);
  const second = await uploadImage([...shared, newLayer(3)]);
  const another = await uploadImage([newLayer(2)]);
  const driver = new DockerDriver({ engine, imageService: images, snapshots: 'delta' });
  await driver.init_host('bench');
  try {
    return [
      ...(await bootFigures(driver, base, second)),
      ...(await deltaFigures(driver, base)),
      ...(await crowdFigures(driver, another)),
    ];
  } finally {
    await driver.cleanup_host('bench');
    for (const { id } of [base, second, another]) await imageService.delete(context, id);
  }
}

function newInstance(): Instance {
  const uuid = randomUUID();
  return {
    uuid,
    name: `instance-${uuid.slice(0, 8)}`,
    flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
  };
}

/** Creates and destroys an instance without starting it. @returns milliseconds of the creation. */
async function boot(driver: DockerDriver, { id }: ImageRecord): Promise<number> {
  const instance = newInstance();
  const began = performance.now();
  await driver.spawn(context, instance, { id }, { power_on: false });
  const milliseconds = performance.now() - began;
  await driver.destroy(context, instance, []);
  return milliseconds;
}

async function bootFigures(driver: DockerDriver, base: ImageRecord, second: ImageRecord): Promise<Figure[]> {
  const whole: number[] = [];
  const missing: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    await settle();
    whole.push(await boot(driver, second));
    await settle();
    await boot(driver, base);
    images.takeBytes();
    missing.push(await boot(driver, second));
    bytes = images.takeBytes();
  }
  const share = bytes / (second.size ?? 0);
  const time = median(missing) / median(whole);
  return [
    { what: 'boot of an image, all of it missing', measured: `${(median(whole) / 1000).toFixed(2)} s` },
    { what: 'boot of an image, a tenth of it missing', measured: `${(median(missing) / 1000).toFixed(2)} s` },
    {
      what: 'its bytes, of those of the image',
      measured: share.toFixed(3),
      target: { text: '< 0.15', isMet: share < 0.15 },
    },
    {
      what: 'its time, of that of the whole image',
      measured: time.toFixed(2),
      target: { text: '< 0.33', isMet: time < 1 / 3 },
    },
  ];
}

async function deltaFigures(driver: DockerDriver, base: ImageRecord): Promise<Figure[]> {
  const instance = newInstance();
  await driver.spawn(context, instance, { id: base.id });
  const metadata = { name: 'bench delta', container_format: 'docker', disk_format: 'raw' };
  const { id } = await imageService.create(context, metadata);
  try {
    const CONTAINER = await shell('docker ps --quiet');
    await shell('docker exec "$CONTAINER" dd if=/dev/urandom of=/changed bs=1M count=1 2>/dev/null', {
      CONTAINER,
    });
    const began = performance.now();
    await driver.snapshot(context, instance, id, () => Promise.resolve());
    const seconds = (performance.now() - began) / 1000;
    const bytes = images.uploads.get(id) ?? Infinity;
    return [
      {
        what: 'upload of a delta snapshot after a change of 1 MiB',
        measured: `${(bytes / MiB).toFixed(2)} MiB`,
        target: { text: '< 2 MiB', isMet: bytes < 2 * MiB },
      },
      {
        what: `its time, for an image of ${((base.size ?? 0) / MB).toFixed(0)} MB`,
        measured: `${seconds.toFixed(2)} s`,
      },
    ];
  } finally {
    await driver.destroy(context, instance, []);
    await imageService.delete(context, id);
  }
}

async function crowdFigures(driver: DockerDriver, { id }: ImageRecord): Promise<Figure[]> {
  await settle();
  images.takeBytes();
  const instances = Array.from({ length: spawns }, newInstance);
  try {
    await Promise.all(
      instances.map((instance) => driver.spawn(context, instance, { id }, { power_on: false })),
    );
    const downloads = images.downloads.length;
    return [
      {
        what: `downloads for ${spawns} spawns of one new image at once`,
        measured: String(downloads),
        target: { text: '1', isMet: downloads === 1 },
      },
    ];
  } finally {
    for (const instance of instances) await driver.destroy(context, instance, []);
    await settle();
  }
}

import { randomUUID } from 'node:crypto';
import { DockerDriver, type ImageRecord, type Instance } from '../../lib/index.js';
import { startFaultProxy, type FaultProxy, type SeenRequest } from '../../lib/testing/index.js';
import { median, type Figure } from './figures.js';
import { settle } from './plain-tools.js';
import { RawEngine } from './raw-engine.js';
import { context, engine, imageService } from './surroundings.js';

const listed = 100;

function newInstance(): Instance {
  const uuid = randomUUID();
  const flavor = { memory_mb: 64, vcpus: 1, root_gb: 1 };
  return { uuid, name: `instance-${uuid.slice(0, 8)}`, flavor };
}

/** Measures the most frequent verbs: their requests to the engine, and their latency against raw requests. */
export async function benchHotPath(image: ImageRecord): Promise<Figure[]> {
  const instances = Array.from({ length: listed }, newInstance);
  const proxy = await startFaultProxy({ engine });
  try {
    const seen = await withDriver(proxy.host, (driver) => count(driver, proxy, image, instances));
    return await withDriver(engine, async (driver) => {
      try {
        return [...requests(seen), ...(await latencies(driver, image, instances, seen))];
      } finally {
        for (const instance of instances) await driver.destroy(context, instance, []);
      }
    });
  } finally {
    await proxy.close();
    await settle();
  }
}

async function withDriver<T>(address: string, work: (driver: DockerDriver) => Promise<T>): Promise<T> {
  const driver = new DockerDriver({ engine: address, imageService });
  await driver.init_host('bench');
  try {
    return await work(driver);
  } finally {
    await driver.cleanup_host('bench');
  }
}

/** The requests to the engine during each verb. */
interface Seen {
  readonly spawn: readonly SeenRequest[];
  readonly info: readonly SeenRequest[];
  readonly list: readonly SeenRequest[];
}

/** Boots the instances, and records the requests at the engine's socket. */
async function count(
  driver: DockerDriver,
  proxy: FaultProxy,
  { id }: ImageRecord,
  [first, second, ...others]: readonly Instance[],
): Promise<Seen> {
  if (first === undefined || second === undefined) throw new Error('two instances at least are needed');
  const during = async (work: () => Promise<unknown>): Promise<SeenRequest[]> => {
    const before = proxy.requests().length;
    await work();
    return proxy.requests().slice(before);
  };
  await driver.spawn(context, second, { id }, { power_on: false });
  const spawn = await during(() => driver.spawn(context, first, { id }));
  for (const instance of others) await driver.spawn(context, instance, { id }, { power_on: false });
  const info = await during(() => driver.get_info(first));
  const list = await during(() => driver.list_instances());
  return { spawn, info, list };
}

function requests({ spawn, info, list }: Seen): Figure[] {
  const figure = (what: string, seen: readonly SeenRequest[], target: number): Figure => ({
    what: `requests: ${what}`,
    measured: String(seen.length),
    target: { text: String(target), isMet: seen.length === target },
  });
  return [
    figure('warm spawn', spawn, 2),
    figure('get_info', info, 1),
    figure(`list of ${listed} instances`, list, 1),
  ];
}

async function latencies(
  driver: DockerDriver,
  { id }: ImageRecord,
  [first]: readonly Instance[],
  { info, list }: Seen,
): Promise<Figure[]> {
  const raw = new RawEngine(engine);
  const [looked, asked] = [info[0]?.path, list[0]?.path];
  if (first === undefined || looked === undefined || asked === undefined) throw new Error('nothing was seen');
  const recipe = await raw.recipe(looked);
  try {
    return [
      await latency('warm spawn', 20, {
        driver: async () => {
          const instance = newInstance();
          const milliseconds = await timed(() => driver.spawn(context, instance, { id }));
          await driver.destroy(context, instance, []);
          return milliseconds;
        },
        raw: async () => {
          const name = `raw-${randomUUID()}`;
          const milliseconds = await timed(async () => {
            await raw.ask('POST', `/containers/create?name=${name}`, recipe);
            await raw.ask('POST', `/containers/${name}/start`);
          });
          await raw.ask('DELETE', `/containers/${name}?force=1`);
          return milliseconds;
        },
      }),
      await latency('get_info', 500, {
        driver: () => timed(() => driver.get_info(first)),
        raw: () => timed(() => raw.ask('GET', looked)),
      }),
      await latency(`list of ${listed} instances`, 100, {
        driver: () => timed(() => driver.list_instances()),
        raw: () => timed(() => raw.ask('GET', asked)),
      }),
    ];
  } finally {
    raw.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Alternates between both, so that the load of the machine affects both alike. */
async function latency(
  what: string,
  times: number,
  measure: Readonly<Record<'driver' | 'raw', () => Promise<number>>>,
): Promise<Figure> {
  const [driver, raw]: [number[], number[]] = [[], []];
  for (let time = 0; time < times; time += 1) {
    driver.push(await measure.driver());
    raw.push(await measure.raw());
  }
  const [ours, theirs] = [median(driver), median(raw)];
  return {
    what: `latency: ${what}`,
    measured: `${ours.toFixed(2)} ms, ${(ours / theirs).toFixed(2)} × node:http's ${theirs.toFixed(2)} ms`,
  };
}

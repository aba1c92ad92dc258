import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Engine, EngineEvent } from '../../../lib/engine/index.js';
import { Workbench, newName } from './workbench.js';

describe('the engine client: system', () => {
  let bench: Workbench;
  let engine: Engine;

  beforeAll(async () => {
    bench = await Workbench.open();
    ({ engine } = bench);
  });
  afterAll(() => bench.close());

  it('returns ping, version and info of the engine', async () => {
    await engine.system.ping();
    const [agreed, version, info] = await Promise.all([
      engine.negotiate(),
      engine.system.version(),
      engine.system.info(),
    ]);
    expect(agreed).toMatchObject({ engineVersion: version.Version, operatingSystem: 'linux' });
    expect(info).toMatchObject({ ServerVersion: version.Version, OSType: 'linux' });
    expect(info.NCPU).toBeGreaterThan(0);
    expect(info.MemTotal).toBeGreaterThan(1024 * 1024);
    expect(info.DockerRootDir).toMatch(/^\//);
  });

  it('streams events from the moment of the request', async () => {
    const mark = newName();
    const controller = new AbortController();
    const seen: EngineEvent[] = [];
    const events = engine.system.events({
      filters: { type: ['container'], label: [`mark=${mark}`] },
      signal: controller.signal,
      onOpen: () => {
        void bench
          .run('exit 9', { Labels: { mark } })
          .then((id) => engine.containers.wait(id).then(() => engine.containers.remove(id)))
          .catch((error: unknown) => controller.abort(error));
      },
    });
    for await (const event of events) {
      seen.push(event);
      if (event.Action === 'destroy') break;
    }
    expect(seen.map(({ Action }) => Action)).toEqual(['create', 'start', 'die', 'destroy']);
    expect(seen[2]?.Actor.Attributes).toMatchObject({ exitCode: '9', mark });
  });

  it('streams past events, and ends', async () => {
    const mark = newName();
    const id = await bench.create('true', { Labels: { mark } });
    const { SystemTime: time } = await engine.system.info();
    const now = Date.parse(String(time)) / 1000;
    await engine.containers.remove(id);
    const interval = { since: now - 10, until: now + 0.001, filters: { label: [`mark=${mark}`] } };
    const seen: string[] = [];
    for await (const { Action } of engine.system.pastEvents(interval)) seen.push(Action);
    expect(seen).toEqual(['create']);
  });
});

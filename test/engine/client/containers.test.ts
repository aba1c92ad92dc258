import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  containerRef,
  imageRef,
  isBadRequest,
  isConflict,
  isNoSuchImage,
  isNotFound,
  repositoryName,
  tagName,
  type ContainersApi,
} from '../../../lib/engine/index.js';
import { Workbench, newName } from './workbench.js';

const forever = 'trap "exit 7" TERM; sleep 1000 & wait';

describe('containers', () => {
  let bench: Workbench;
  let containers: ContainersApi;
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  beforeAll(async () => {
    bench = await Workbench.open();
    ({ containers } = bench.engine);
  });
  afterAll(() => bench.close());

  it('live from create to remove', async () => {
    const name = bench.newContainer();
    const { id, warnings } = await containers.create({
      name,
      specification: {
        Image: bench.image,
        Hostname: 'web',
        Cmd: ['sh', '-c', forever],
        Env: ['A=ü b'],
        Labels: { 'some.label': 'x=y,z' },
        StopTimeout: 20,
        HostConfig: { NetworkMode: 'none', Memory: 64 * 1024 * 1024, CpuShares: 512, PidsLimit: 64 },
      },
    });
    expect(warnings).toEqual([]);
    const created = await containers.inspect(id);
    expect(created).toMatchObject({
      Id: id,
      Name: `/${name}`,
      State: { Status: 'created', Running: false, Pid: 0 },
      Config: {
        Hostname: 'web',
        Image: bench.image,
        Cmd: ['sh', '-c', forever],
        Labels: { 'some.label': 'x=y,z' },
        StopTimeout: 20,
        Tty: false,
        OpenStdin: false,
      },
      HostConfig: { NetworkMode: 'none', Memory: 64 * 1024 * 1024, CpuShares: 512, PidsLimit: 64 },
    });
    expect(created.Config.Env).toContain('A=ü b');

    expect(await containers.start(id)).toBe(true);
    expect(await containers.start(name)).toBe(false);
    expect((await containers.inspect(id)).State).toMatchObject({ Status: 'running', Running: true });

    await containers.pause(id);
    expect((await containers.inspect(id)).State.Status).toBe('paused');
    await containers.unpause(id);

    expect(await containers.stop(id, { timeout: 10 })).toBe(true);
    expect(await containers.stop(id, { timeout: 10 })).toBe(false);
    expect((await containers.inspect(id)).State).toMatchObject({ Status: 'exited', ExitCode: 7 });

    await containers.start(id);
    await containers.kill(id, { signal: 'SIGKILL' });
    expect(await containers.wait(id)).toMatchObject({ statusCode: 137 });

    await containers.remove(id, { volumes: true });
    expect(isNotFound(await failure(containers.inspect(id)))).toBe(true);
  });

  it('are listed by label, with those that do not run only when all are asked for', async () => {
    const mark = newName();
    const changes = { Labels: { mark } };
    const stopped = await bench.create('true', changes);
    const running = await bench.run(forever, changes);
    const filters = { label: [`mark=${mark}`] };
    const listed = await containers.list({ filters });
    expect(listed.map(({ Id: id }) => id)).toEqual([running]);
    expect(listed[0]).toMatchObject({ State: 'running', Labels: { mark }, Image: bench.image });
    const all = await containers.list({ all: true, filters });
    expect(all.map(({ Id: id }) => id).sort()).toEqual([stopped, running].sort());
    expect(await containers.list({ all: true, filters: { label: ['mark=nobody'] } })).toEqual([]);
  });

  it('are waited for as long as they run', async () => {
    const id = await bench.run('sleep 0.3; exit 42');
    expect(await containers.wait(id, { condition: 'not-running' })).toEqual({
      statusCode: 42,
      error: undefined,
    });
  });

  it('are waited for until the caller gives up', async () => {
    const id = await bench.run(forever);
    const signal = AbortSignal.timeout(100);
    expect(await failure(containers.wait(id, { signal }))).toBe(signal.reason);
  });

  it('are measured', async () => {
    const id = await bench.run(forever);
    const stats = await containers.stats(id);
    expect(stats.cpu_stats.cpu_usage.total_usage).toBeGreaterThan(0);
    expect(stats.memory_stats.usage).toBeGreaterThan(0);
    const stopped = await containers.stats(await bench.create('true'));
    expect(stopped.memory_stats.usage).toBeUndefined();
    expect((await containers.inspect(id, { size: true })).SizeRw).toBeGreaterThanOrEqual(0);
  });

  it('become images', async () => {
    const id = await bench.run('echo kept >/file');
    await containers.wait(id);
    const reference = bench.newImage();
    const [repo, tag] = reference.split(':');
    const committed = await containers.commit(id, {
      repo: repositoryName(repo ?? ''),
      tag: tagName(tag ?? ''),
      pause: true,
      comment: 'by a test',
    });
    const image = await bench.engine.images.inspect(reference);
    expect(image.Id).toBe(committed.id);
    expect(image.RootFS.Layers.length).toBeGreaterThan(2);
  });

  it('are refused with the reason', async () => {
    const name = bench.newContainer();
    const specification = {
      Image: bench.image,
      Cmd: ['sh', '-c', forever],
      HostConfig: { NetworkMode: 'none' },
    };
    const { id } = await containers.create({ name, specification });
    const nobody = containerRef(newName());
    const nothing = imageRef('engine-client-test/none:1');

    expect(isConflict(await failure(containers.create({ name, specification })))).toBe(true);
    expect(isNoSuchImage(await failure(containers.create({ specification: { Image: nothing } })))).toBe(true);
    const joins = { ...specification, HostConfig: { NetworkMode: `container:${nobody}` } };
    const unjoined = await failure(containers.create({ name: bench.newContainer(), specification: joins }));
    expect(isNoSuchImage(unjoined)).toBe(false);
    const tiny = { ...specification, HostConfig: { Memory: 1024 } };
    expect(isBadRequest(await failure(containers.create({ specification: tiny })))).toBe(true);

    expect(isConflict(await failure(containers.kill(id)))).toBe(true);
    await containers.start(id);
    await containers.pause(id);
    expect(isConflict(await failure(containers.pause(id)))).toBe(true);
    await containers.unpause(id);
    expect(isConflict(await failure(containers.remove(id)))).toBe(true);
    const failures = await Promise.all(
      [
        containers.start(nobody),
        containers.stop(nobody, { timeout: 1 }),
        containers.inspect(nobody),
        containers.remove(nobody, { force: true }),
        containers.logs(nobody, { tty: false }),
        containers.attach(nobody, { tty: false }),
        bench.engine.files.getArchive(nobody, { path: '/' }),
      ].map(failure),
    );
    expect(failures.filter((error) => !isNotFound(error))).toEqual([]);
  });

  it('that cannot be started say why', async () => {
    const id = await bench.create('', { Cmd: ['/no/such/program'] });
    expect(await failure(containers.start(id))).toMatchObject({
      status: 400,
      engineMessage: expect.stringContaining('/no/such/program'),
    });
  });
});

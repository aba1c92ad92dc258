import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance } from '../../interfaces/index.js';
import { assembleNode } from '../../lib/driver/assemble-node.js';
import { settingsOf } from '../../lib/driver/options.js';
import type { ContainerRef, Engine } from '../../lib/engine/index.js';
import { containerRef, engineAddress, volumeName } from '../../lib/engine/index.js';
import { temporaryName } from '../../lib/images/references/temporary-image.js';
import { InstanceStateStore, SnapshotPause } from '../../lib/instances/index.js';
import { label, repository } from '../../lib/common/labels.js';
import { steadyNow, KeyedMutex } from '../../lib/streams/index.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { ComputeNode } from '../../lib/verbs/index.js';
import { reconcileAgain } from '../../lib/verbs/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, engineHost, inventory } from '../support/engine.js';
import { noOpLogger } from '../support/silent-logger.js';

const nameOf = ({ uuid }: Instance): ContainerRef => containerRef(`nova-${uuid}`);

/** To its engine, a killed client is one whose connections end and that never returns. */
describe('requests of a killed driver that its engine completes later', () => {
  let folder: string;
  const startProxy = (): Promise<FaultProxy> =>
    startFaultProxy({ engine: engineHost(), listen: join(folder, 'engine.sock') });
  let proxy: FaultProxy;
  let killed: Harness;
  let engine: Engine;
  let next: ComputeNode;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'killed-'));
    proxy = await startProxy();
    killed = await dockerHarness({ engine: proxy.host });
    engine = directEngine();
    next = assembleNode(killed.host, engineAddress(engineHost()), {}, settingsOf({}), noOpLogger);
  });
  afterEach(async () => {
    next.engine.close();
    engine.close();
    await killed.close();
    await proxy.close();
    await rm(folder, { recursive: true });
  });

  const locks = new KeyedMutex();
  /** Runs `reconcileAgain` every half second during `work`, as a host that started at `since` does. */
  const lookingAgain = async <T>(since: number, work: () => Promise<T>): Promise<T> => {
    const leaving = new AbortController();
    const looking = reconcileAgain(
      next,
      (uuid, repair) => locks.runExclusive(uuid, leaving.signal, repair),
      since,
      leaving.signal,
      Array.from({ length: 100 }, () => 0.5),
    );
    try {
      return await work();
    } finally {
      leaving.abort(new Error('enough'));
      await expect(looking).rejects.toThrow('enough');
    }
  };
  const imagesOf = async (host: string): Promise<string[]> => {
    const prefix = temporaryName(repository.snapshot, host).tag.slice(0, 12);
    const named = (await inventory()).images.filter((image) => image.includes(prefix));
    const unnamed = await engine.images.list({ filters: { dangling: ['true'], label: [label.temporary] } });
    return [...named, ...unnamed.map(({ Id: id }) => id)];
  };

  it('a commit that ends after init_host: its image is removed', async () => {
    const { instance } = await killed.run('head -c 50000000 /dev/urandom >/big; echo done; exec sleep 1000');
    const { id } = await killed.imageService.create(killed.context, { name: 'a snapshot' });
    const snapshot = killed.driver
      .snapshot(killed.context, instance, id, () => Promise.resolve())
      .catch((error: unknown) => error);
    await eventually('the commit is under way', () =>
      proxy.requests().some(({ path }) => path.includes('/commit')),
    );
    await proxy.close();
    const since = steadyNow();
    await next.imageLoader.removeLeftovers();
    await lookingAgain(since, async () => {
      // The engine unpauses the container when the commit has ended or was cancelled.
      await eventually('the commit has ended', async () => {
        return !(await engine.containers.inspect(nameOf(instance))).State.Paused;
      });
      await eventually('the image is removed', async () => (await imagesOf(killed.host)).length === 0);
    });
    // From here on the requests belong to the test's clean-up.
    proxy = await startProxy();
    await snapshot;
  });

  it("a commit that containerd's store cancelled before the tag: the image is removed", async () => {
    const instance = await killed.boot();
    const { repo, tag, reference } = temporaryName(repository.snapshot, killed.host);
    // The second commit takes the tag from the first image.
    for (const comment of ['first', 'second'])
      await engine.containers.commit(nameOf(instance), {
        ...{ repo, tag, comment, pause: false },
        configuration: { Labels: { [label.temporary]: tag } },
      });
    await engine.images.remove(reference);
    expect(await imagesOf(killed.host)).toHaveLength(1);
    await killed.restart();
    expect(await imagesOf(killed.host)).toEqual([]);
  });

  it('a destroy that was killed before it removed its state: init_host removes them', async () => {
    const instance = await killed.boot();
    const states = new InstanceStateStore(engine, killed.host);
    await states.write(instance.uuid, 'flavor');
    const cut = proxy.inject({
      method: 'DELETE',
      path: /\/volumes\//,
      kind: 'drop-request',
      times: Infinity,
    });
    await expect(killed.driver.destroy(killed.context, instance, [])).rejects.toBeDefined();
    cut.withdraw();
    expect(await states.read(instance.uuid, 'flavor')).toBeDefined();
    await killed.restart();
    expect(await states.read(instance.uuid, 'flavor')).toBeUndefined();
  });

  it('a removal that ends after init_host: the state of the instance is removed', async () => {
    const instance = await killed.boot();
    const states = new InstanceStateStore(engine, killed.host);
    await states.write(instance.uuid, 'flavor');
    await killed.restart();
    expect(await states.read(instance.uuid, 'flavor')).toBeDefined();
    await engine.containers.remove(nameOf(instance), { force: true, volumes: true });
    await lookingAgain(steadyNow(), () =>
      eventually('the state is gone', async () => (await states.read(instance.uuid, 'flavor')) === undefined),
    );
    await expect(engine.volumes.inspect(volumeName(`nova-${instance.uuid}.flavor`))).rejects.toMatchObject({
      status: 404,
    });
  });

  it('a creation that ends after init_host: the container is removed once its lock is free', async () => {
    const model = await killed.boot();
    const { Config: configuration, Image: image } = await engine.containers.inspect(nameOf(model));
    const uuid = randomUUID();
    let letGo: () => void = () => undefined;
    const atWork = locks.runExclusive(
      uuid,
      undefined,
      () => new Promise<void>((resolve) => (letGo = resolve)),
    );
    const made = await engine.containers.create({
      name: containerRef(`nova-${uuid}`),
      specification: { Image: image, Labels: { ...configuration.Labels, [label.instanceUuid]: uuid } },
    });
    await lookingAgain(steadyNow(), async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await expect(engine.containers.inspect(made.id)).resolves.toMatchObject({ Id: made.id });
      letGo();
      await atWork;
      await eventually(
        'the object is removed',
        async () => !(await inventory()).containers.join().includes(uuid),
      );
    });
  });

  it('a container that another process of the host is about to start stays until the second look', async () => {
    const model = await killed.boot();
    const { Config: configuration, Image: image } = await engine.containers.inspect(nameOf(model));
    const uuid = randomUUID();
    const made = await engine.containers.create({
      name: containerRef(`nova-${uuid}`),
      specification: { Image: image, Labels: { ...configuration.Labels, [label.instanceUuid]: uuid } },
    });
    const ending = new AbortController();
    const withLock = (_uuid: string, repair: () => Promise<void>): Promise<void> => repair();
    await reconcileAgain(next, withLock, steadyNow(), ending.signal, [0]);
    await expect(engine.containers.inspect(made.id)).resolves.toMatchObject({ Id: made.id });
    await reconcileAgain(next, withLock, steadyNow(), ending.signal, [0, 0]);
    await expect(engine.containers.inspect(made.id)).rejects.toMatchObject({ status: 404 });
  });

  it('a container that another process of the host has set aside stays until the second look', async () => {
    const instance = await killed.boot();
    const own = await engine.containers.inspect(nameOf(instance));
    await engine.containers.rename(own.Id, { name: containerRef(`nova-${instance.uuid}.replaced`) });
    const made = await engine.containers.create({
      name: nameOf(instance),
      specification: { Image: own.Image, Cmd: ['sleep', '1000'], Labels: own.Config.Labels },
    });
    await engine.containers.start(made.id);
    const ending = new AbortController();
    const withLock = (_uuid: string, repair: () => Promise<void>): Promise<void> => repair();
    await reconcileAgain(next, withLock, steadyNow(), ending.signal, [0]);
    await expect(engine.containers.inspect(own.Id)).resolves.toMatchObject({ Id: own.Id });
    await reconcileAgain(next, withLock, steadyNow(), ending.signal, [0, 0]);
    await expect(engine.containers.inspect(own.Id)).rejects.toMatchObject({ status: 404 });
    await expect(engine.containers.inspect(made.id)).resolves.toMatchObject({ Id: made.id });
  });

  it('an instance that another process of the host has paused for a snapshot stays paused until the second look', async () => {
    const instance = await killed.boot();
    const states = new InstanceStateStore(engine, killed.host);
    const own = await engine.containers.inspect(nameOf(instance));
    await SnapshotPause.begin({ engine, states, logger: noOpLogger }, instance, own);
    const status = async (): Promise<string> => (await engine.containers.inspect(own.Id)).State.Status;
    const ending = new AbortController();
    const withLock = (_uuid: string, repair: () => Promise<void>): Promise<void> => repair();
    await reconcileAgain(next, withLock, steadyNow(), ending.signal, [0]);
    await expect(status()).resolves.toBe('paused');
    await reconcileAgain(next, withLock, steadyNow(), ending.signal, [0, 0]);
    await expect(status()).resolves.toBe('running');
  });

  it('a temporary image that was tagged after the start of the host stays', async () => {
    const instance = await killed.boot();
    const since = steadyNow();
    const earlier = temporaryName(repository.snapshot, killed.host);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const later = temporaryName(repository.snapshot, killed.host);
    for (const { repo, tag } of [earlier, later])
      await engine.containers.commit(nameOf(instance), { repo, tag, pause: false, comment: tag });
    const [first, second] = await imagesOf(killed.host);
    expect([first, second]).not.toContain(undefined);
    await expect(next.imageLoader.removeLeftovers(undefined, since)).resolves.toEqual([]);
    await expect(next.imageLoader.removeLeftovers(undefined, since + 2)).resolves.toContain(
      earlier.reference,
    );
    await expect(next.imageLoader.removeLeftovers()).resolves.toContain(later.reference);
  });
});

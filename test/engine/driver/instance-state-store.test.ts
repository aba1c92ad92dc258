import { describe, expect, it } from '@jest/globals';
import { power_state } from '../../../interfaces/index.js';
import { containerRef, volumeName } from '../../../lib/engine/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { instanceContainerName, label } from '../../../lib/common/labels.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';

describe('InstanceStateStore', () => {
  it('fails the verb and changes nothing when a foreign container uses the volume of its state', async () => {
    const harness = await dockerHarness();
    const engine = directEngine();
    const { driver, context } = harness;
    const instance = await harness.boot();
    const volume = volumeName(`${instanceContainerName(instance.uuid)}.suspended`);
    const mounted = { Type: 'volume', Source: volume, Target: '/mnt' } as const;
    const { id: user } = await engine.containers.create({
      name: containerRef(`user-of-${volume}`),
      specification: { Image: bootReference(harness.image.id), HostConfig: { Mounts: [mounted] } },
    });
    await expect(driver.suspend(context, instance)).rejects.toMatchObject({
      message: expect.stringContaining(volume),
      instance_uuid: instance.uuid,
    });
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    await engine.containers.remove(user, { force: true });
    await driver.suspend(context, instance);
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.SUSPENDED });
    await harness.close();
    engine.close();
  });
});

describe('an instance whose uuid is in upper case', () => {
  it('is the same instance to every verb, and leaves no state when it is destroyed', async () => {
    const harness = await dockerHarness();
    const engine = directEngine();
    const { driver, context } = harness;
    const instance = await harness.boot();
    const inCapitals = { ...instance, uuid: instance.uuid.toUpperCase() };
    const storedStates = async (): Promise<string[]> => {
      const volumes = await engine.volumes.list({ filters: { label: [`${label.host}=${harness.host}`] } });
      return volumes.map(({ Name: name }) => name);
    };
    await driver.suspend(context, inCapitals);
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.SUSPENDED });
    expect(await storedStates()).toEqual([`${instanceContainerName(instance.uuid)}.suspended`]);
    await driver.destroy(context, instance, []);
    expect(await storedStates()).toEqual([]);
    const again = await harness.boot({ uuid: inCapitals.uuid });
    await expect(driver.list_instance_uuids()).resolves.toEqual([instance.uuid]);
    await driver.destroy(context, again, []);
    await harness.close();
    engine.close();
  });
});

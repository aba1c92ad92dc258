import { describe, expect, it } from '@jest/globals';
import { power_state } from '../../../interfaces/index.js';
import { containerRef, volumeName } from '../../../lib/engine/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { instanceContainerName, label } from '../../../lib/common/labels.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';

describe('InstanceStateStore', () => {
  it("fails the verb and changes nothing when a foreign container uses the note's volume", async () => {
    const harness = await dockerHarness();
    const engine = directEngine();
    const { driver, context } = harness;
    const instance = await harness.boot();
    const note = volumeName(`${instanceContainerName(instance.uuid)}.suspended`);
    const mounted = { Type: 'volume', Source: note, Target: '/mnt' } as const;
    const { id: user } = await engine.containers.create({
      name: containerRef(`user-of-${note}`),
      specification: { Image: bootReference(harness.image.id), HostConfig: { Mounts: [mounted] } },
    });
    await expect(driver.suspend(context, instance)).rejects.toMatchObject({
      message: expect.stringContaining(note),
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
  it('is the same instance to every verb, and leaves no note when it is destroyed', async () => {
    const harness = await dockerHarness();
    const engine = directEngine();
    const { driver, context } = harness;
    const instance = await harness.boot();
    const inCapitals = { ...instance, uuid: instance.uuid.toUpperCase() };
    const notes = async (): Promise<string[]> => {
      const volumes = await engine.volumes.list({ filters: { label: [`${label.host}=${harness.host}`] } });
      return volumes.map(({ Name: name }) => name);
    };
    await driver.suspend(context, inCapitals);
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.SUSPENDED });
    expect(await notes()).toEqual([`${instanceContainerName(instance.uuid)}.suspended`]);
    await driver.destroy(context, instance, []);
    expect(await notes()).toEqual([]);
    const again = await harness.boot({ uuid: inCapitals.uuid });
    await expect(driver.list_instance_uuids()).resolves.toEqual([instance.uuid]);
    await driver.destroy(context, again, []);
    await harness.close();
    engine.close();
  });
});

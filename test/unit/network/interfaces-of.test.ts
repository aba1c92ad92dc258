import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { engineNetworkName, interfaceOption, label } from '../../../lib/common/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import { interfacesOf } from '../../../lib/network/index.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const recording = z.array(z.object({ request: z.object({ path: z.string() }), answer: z.unknown() }));
const recorded = recording.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/answers/engine-30.json', import.meta.url), 'utf8')),
);
const answerTo = (path: RegExp): unknown => recorded.find(({ request }) => path.test(request.path))?.answer;
/** At API 1.55, before the container's first start. */
const container = z
  .looseObject({
    Config: z.looseObject({}),
    HostConfig: z.looseObject({}),
    NetworkSettings: z.looseObject({ Networks: z.object({ rec4: z.looseObject({}) }) }),
  })
  .parse(answerTo(/^\/containers\/\w+\/json$/));
const network = z.looseObject({}).parse(answerTo(/^\/networks\/rec4$/));
const name = engineNetworkName('net');
const mac = '02:42:0a:4d:01:0a';
const asked = { port: 'port', mac: 'fa:16:3e:00:00:0a', addresses: ['10.77.1.10'] };

describe('interfacesOf', () => {
  let fake: FakeEngine;
  let answer: object;
  let ids: string[];
  beforeEach(async () => {
    fake = await FakeEngine.start(({ url = '' }, response) => {
      const isNetwork = url.includes('/networks/');
      answerJson(response, 200, isNetwork ? { ...network, Labels: { [label.networkId]: 'net' } } : answer);
    });
  });
  afterEach(() => fake.stop());

  /** The MAC addresses, if the engine tells them so. */
  const addresses = async (endpoint: object, configuration: object): Promise<unknown[]> => {
    answer = {
      ...container,
      Config: { ...container.Config, ...configuration },
      HostConfig: { ...container.HostConfig, NetworkMode: name },
      NetworkSettings: { Networks: { [name]: { ...container.NetworkSettings.Networks.rec4, ...endpoint } } },
    };
    const engine = fake.client();
    const found = await interfacesOf(engine, await engine.containers.inspect(containerRef('ab')));
    ids = found.map(({ id }) => id);
    expect(found).toMatchObject([{ network: { subnets: [{ ips: [{ address: '10.77.1.10' }] }] } }]);
    return found.map(({ address }) => address);
  };

  it("gives the endpoint's MAC address, which the engine tells at API 1.55 too", async () => {
    expect(await addresses({}, {})).toEqual([mac]);
  });

  it("gives a stopped container's first MAC address where the engine repeats it (up to API 1.51)", async () => {
    expect(await addresses({ MacAddress: '' }, { MacAddress: mac })).toEqual([mac]);
  });

  describe('of an instance whose interfaces are recorded', () => {
    const labels = (recorded: unknown): object => ({
      Labels: { [label.interfaces]: typeof recorded === 'string' ? recorded : JSON.stringify(recorded) },
    });
    const options = (recorded: unknown): object => ({
      DriverOpts: { [interfaceOption]: JSON.stringify(recorded) },
    });

    it('gives the port and the MAC address of the label, whatever the engine shows', async () => {
      expect(await addresses({}, labels({ [name]: asked }))).toEqual([asked.mac]);
      expect(ids).toEqual(['port']);
      expect(await addresses({ MacAddress: '' }, labels({ [name]: asked }))).toEqual([asked.mac]);
    });

    it('gives those of the endpoint, if the interface was attached later', async () => {
      const attached = { ...asked, port: 'later', mac: 'fa:16:3e:00:00:0b' };
      expect(await addresses(options(attached), labels({ [name]: asked }))).toEqual([attached.mac]);
      expect(ids).toEqual(['later']);
    });

    it('gives the MAC address that the engine chose for a port without one', async () => {
      const free = { port: 'port', addresses: asked.addresses };
      expect(await addresses({}, labels({ [name]: free }))).toEqual([mac]);
      expect(ids).toEqual(['port']);
    });

    it.each([
      ['is of a former interface', { [name]: { ...asked, addresses: ['10.77.1.11'] } }],
      ['names other networks only', { other: asked }],
      ['is malformed', 'x'],
    ])('trusts the engine where the label %s', async (_what, recorded) => {
      expect(await addresses({}, labels(recorded))).toEqual([mac]);
      expect(ids).toEqual(['net']);
    });
  });

  it.each([{ MacAddress: '' }, {}])('gives none where the engine tells none: %j', async (configuration) => {
    expect(await addresses({ MacAddress: '' }, configuration)).toEqual([null]);
  });
});

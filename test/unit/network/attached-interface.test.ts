import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { VIF } from '../../../interfaces/index.js';
import { engineNetworkName, interfaceOption, label } from '../../../lib/common/index.js';
import { containerRef, type Engine } from '../../../lib/engine/index.js';
import { Networks } from '../../../lib/network/index.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const file = new URL('../../../fixtures/answers/engine-30.json', import.meta.url);
const container = z.looseObject({
  State: z.looseObject({ Running: z.boolean() }),
  NetworkSettings: z.looseObject({ Networks: z.record(z.string(), z.looseObject({})) }),
});
const recorded = z
  .array(z.object({ request: z.object({ path: z.string() }), answer: z.unknown() }))
  .parse(JSON.parse(readFileSync(file, 'utf8')));
const inspections = recorded
  .filter(({ request }) => /^\/containers\/\w+\/json$/.test(request.path))
  .flatMap(({ answer }) => container.safeParse(answer).data ?? [])
  .filter(({ State: { Running: isRunning } }) => isRunning);
const network = z
  .looseObject({})
  .parse(recorded.find(({ request }) => request.path === '/networks/rec6')?.answer);

/** The MAC address that the recorded connection asked for, at API 1.55. */
const mac = '02:42:0a:4d:01:0b';
const name = engineNetworkName('net');
const port: VIF = {
  id: 'port',
  address: mac,
  network: {
    id: 'net',
    subnets: [
      {
        ...{ cidr: 'fd77:1::/64', version: 6, gateway: { address: 'fd77:1::1' } },
        ips: [{ address: 'fd77:1::10', type: 'fixed', version: 6 }],
      },
    ],
  },
};

/** A recorded inspection of the container, whose network has the name of the driver's network. */
const inspection = (isConnected: boolean): object => {
  const found = inspections.find(({ NetworkSettings: { Networks: each } }) => 'rec6' in each === isConnected);
  if (found === undefined) throw new Error('no such inspection is recorded');
  const { rec6, ...others } = found.NetworkSettings.Networks;
  return {
    ...found,
    NetworkSettings: {
      ...found.NetworkSettings,
      Networks: { ...others, ...(rec6 === undefined ? {} : { [name]: rec6 }) },
    },
  };
};

describe('an interface that is attached to a running instance', () => {
  let fake: FakeEngine;
  let engine: Engine;
  let networks: Networks;
  let isConnected: boolean;
  let given: object;
  const bodies: unknown[] = [];
  const warnings: string[] = [];

  beforeEach(async () => {
    [isConnected, given] = [false, {}];
    bodies.length = 0;
    warnings.length = 0;
    fake = await FakeEngine.start((request, response) => {
      const { method = '', url = '' } = request;
      if (method === 'POST')
        void text(request).then((body) => {
          bodies.push(JSON.parse(body));
          isConnected = url.endsWith('/connect');
          response.writeHead(200).end();
        });
      else if (url.includes('/networks/'))
        answerJson(response, 200, { ...network, Name: name, Labels: { [label.networkId]: 'net' } });
      else answerJson(response, 200, { ...inspection(isConnected), ...given });
    });
    fake.version = { ...fake.version, Version: '29.8.0', ApiVersion: '1.56', MinAPIVersion: '1.40' };
    engine = fake.client();
    const logger = { ...noOpLogger, warn: (message: string) => void warnings.push(message) };
    const reserved = { conflict: () => Promise.resolve(undefined) };
    networks = new Networks({ engine, host: 'node-1', reserved, logger });
  });
  afterEach(() => fake.stop());

  const attach = async (): Promise<void> =>
    networks.attach(await engine.containers.inspect(containerRef('ab')), port);

  it('is asked for with its addresses, its place among the gateways and a record for the driver', async () => {
    await attach();
    expect(fake.requests).toContain(`POST /v1.55/networks/${name}/connect`);
    const record = JSON.stringify({ port: 'port', mac, addresses: ['fd77:1::10'] });
    expect(bodies).toEqual([
      {
        Container: expect.stringMatching(/^[0-9a-f]{64}$/),
        EndpointConfig: {
          IPAMConfig: { IPv6Address: 'fd77:1::10' },
          MacAddress: mac,
          GwPriority: 0,
          DriverOpts: { [interfaceOption]: record },
        },
      },
    ]);
  });

  it('has its MAC address from API 1.54 on, so that there is nothing to warn of', async () => {
    await attach();
    expect(isConnected).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('causes a warning where the engine chose another MAC address, as engines before API 1.54 do', async () => {
    given = {
      NetworkSettings: {
        Networks: { [name]: { IPPrefixLen: 64, MacAddress: '02:42:00:00:00:01' } },
      },
    };
    fake.version = { ...fake.version, ApiVersion: '1.51' };
    await networks.plug(await engine.containers.inspect(containerRef('ab')), [port]);
    expect(warnings).toEqual([expect.stringContaining('MAC address')]);
  });
});

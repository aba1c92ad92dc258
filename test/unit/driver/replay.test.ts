import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startReplayer } from '../../../lib/testing/index.js';
import { scenarios } from '../../support/scenarios.js';
import { playOn } from '../../support/stage.js';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const engines = readdirSync(fixtures).filter((name) => name.startsWith('engine-'));

it('has recordings of an old and of a new engine', () => {
  expect(engines).toEqual(expect.arrayContaining(['engine-20.10', 'engine-28.5']));
});

describe.each(engines)('a driver on the recordings of %s', (engine) => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'plays %s',
    async (name, scenario) => {
      const file = `${fixtures}${engine}/${name}.json`;
      expect(existsSync(file)).toBe(true);
      const mode = scenario.isConcurrent === true ? 'matching' : 'in-order';
      const replayer = await startReplayer(file, { mode });
      await playOn(replayer.host, scenario);
      replayer.assertDone();
      await replayer.close();
    },
  );
});

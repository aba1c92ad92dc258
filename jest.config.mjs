import { availableParallelism } from 'node:os';

const project = (name) => ({
  displayName: name,
  testEnvironment: '<rootDir>/test/environment/shared-modules/environment.mjs',
  testRunner: '<rootDir>/test/environment/shared-modules/runner.mjs',
  // Node itself needs these.
  fakeTimers: { doNotFake: ['nextTick', 'queueMicrotask'] },
  // Each run has a temporary folder of its own; what was compiled is kept.
  cacheDirectory: '<rootDir>/.cache/jest',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '<rootDir>/test/environment/typescript-transform.mjs' },
});

/** One project a tier; test/run.mjs chooses tiers and starts what they need. */
export default {
  projects: ['unit', 'engine', 'faults', 'images'].map(project),
  // One more than processors: tests also wait.
  maxWorkers: availableParallelism() + 1,
  testTimeout: 60_000,
};

const project = (name) => ({
  displayName: name,
  testEnvironment: '<rootDir>/test/environment/shared-modules/environment.mjs',
  testRunner: '<rootDir>/test/environment/shared-modules/runner.mjs',
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
  // jest's default leaves one processor unused.
  maxWorkers: '100%',
  testTimeout: 60_000,
};

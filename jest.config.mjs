const project = (name, timeout) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }] },
  testTimeout: timeout,
});

/** One project a tier; test/run.mjs chooses tiers and starts what they need. */
export default {
  projects: [
    project('unit', 10_000),
    project('engine', 60_000),
    project('faults', 60_000),
    project('images', 60_000),
  ],
};

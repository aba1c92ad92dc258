// npm test: runs the unit tests, and those on real engines, Glance and Keystone. See --help.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { canInstall, installPackages, Unavailable } from './environment/debian.mjs';
import { allowsRootless, findEngine, restartOnRequest, startEngine } from './environment/engine.mjs';
import { startGlance } from './environment/glance.mjs';
import { installDependencies, project } from './environment/packages.mjs';
import { isEnding, main, run, whenDone } from './environment/processes.mjs';
import { startRegistry } from './environment/registry.mjs';
import { stateFolder } from './environment/state-folder.mjs';

/** The engines under test. */
const engines = {
  '20.10': { version: '20.10' },
  28.5: { version: '28.5' },
  '28.5-containerd': { version: '28.5', containerdStore: true },
  '28.5-userns': { version: '28.5', userNamespaces: true },
  '28.5-rootless': { version: '28.5', rootless: true },
};

/**
 * What runs on each engine, the longest first. `tests`: the paths of the tests. The containerd store changes how an
 * engine keeps images and files, user namespaces change the owners of files. `other`: a second engine, to which
 * instances move and back.
 */
const parts = [
  { engine: '28.5', tests: ['engine/'], other: '20.10' },
  { engine: '20.10', tests: ['engine/'], other: '28.5' },
  { engine: '28.5', tests: ['faults/'] },
  {
    engine: '28.5-containerd',
    tests: [
      'engine/(images|image-exchange|registry)/',
      'engine/driver-files',
      'engine/examples',
      'engine/driver/(image-formats|broken-image|migration|linked-files|copied-files|long-lists|logs|progress)',
      'faults/killed-client',
    ],
  },
  {
    engine: '28.5-userns',
    tests: ['engine/driver-files', 'engine/driver/(instance|migration|linked-files)'],
  },
  {
    engine: '20.10',
    // The others concern the requests of the driver, which are the same for each engine.
    tests: ['faults/(console|destroy|engine-restart|events|interfaces|killed-client|spawn)'],
  },
  { engine: '28.5-rootless', tests: ['engine/driver/linked-files'] },
];

const choices = { tier: ['unit', 'engine', 'images'], engine: Object.keys(engines) };

const usage = `npm test -- [--tier ${choices.tier.join('|')}]… [--engine ${choices.engine.join('|')}]… [jest's options and patterns]
  Tiers: unit (recorded fixtures), engine (real Docker Engines, faults), images (real Glance and Keystone).
  28.5-containerd is 28.5 with containerd's image store, for the tests that depend on how an engine keeps images and files.
  28.5-userns is 28.5 with userns-remap, for the tests that depend on the owners of files.
  28.5-rootless is 28.5 run by an ordinary user, for the same tests, where the kernel allows it.
  Without options: everything. As root on Debian or Ubuntu, what is missing is installed and started;
  elsewhere the engine of DOCKER_HOST is used and the rest skipped. With CI=true nothing may be skipped.`;

const words = process.argv.slice(2);
const { values, tokens } = parseArgs({
  args: words,
  strict: false,
  tokens: true,
  options: {
    tier: { type: 'string', multiple: true, default: choices.tier },
    engine: { type: 'string', multiple: true, default: choices.engine },
    help: { type: 'boolean', default: false },
  },
});
const ours = tokens
  .filter(({ kind, name }) => kind === 'option-terminator' || Object.hasOwn(choices, name))
  .flatMap(({ index, inlineValue }) => (inlineValue === false ? [index, index + 1] : [index]));
const chosen = words.filter((_, index) => !ours.includes(index));
// Chosen tests need not exist in every tier.
const forJest = chosen.length > 0 ? ['--passWithNoTests', ...chosen] : [];

/** The folder of this run: its results, and the files of its tests. */
const { folder } = await stateFolder('nova-tests-');
const results = [];

/** The engine tests compare all objects of an engine before and after, and must have it alone. */
const alone = ['--runInBand'];

/** In milliseconds, for a test on real components: long, to end only a test that hangs. */
const patience = ['--testTimeout=300000'];

const reporters = ['--reporters=default', '--reporters=./test/environment/count-reporter.mjs'];

/**
 * Runs projects of jest and records the counts.
 *
 * @param name prefixes each line of the output, since other tiers write concurrently.
 * @param how further options of jest.
 */
async function jest(name, title, projects, how, env = {}) {
  console.log(`── ${title}: begins`);
  const report = join(folder, `${name}.json`);
  let child;
  whenDone(async () => void child?.kill());
  child = spawn(
    process.execPath,
    [
      ...[
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
      ],
      // An option with several values must not take what follows: --ci stands in between.
      ...[...reporters, ...how, '--selectProjects', ...projects, '--ci', ...forJest],
    ],
    {
      cwd: project,
      env: { ...testEnvironment(), ...env, TEST_COUNTS: report },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  createInterface({ input: child.stderr }).on('line', (line) => console.error(`${name} │ ${line}`));
  // What a failed test left open keeps jest alive after its report.
  const watch = setInterval(() => {
    if (existsSync(report) && statSync(report).mtimeMs < Date.now() - 30_000) child.kill('SIGKILL');
  }, 1000);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (isEnding()) throw new Error('interrupted');
  const { passed = 0, failed = 0, skipped = 0 } = read(report);
  const broken = code !== 0 && failed === 0 ? 1 : 0;
  results.push({ title, passed, failed: failed + broken, skipped });
}

/** @throws Error that names the options that jest does not know. */
async function optionsMustBeJests() {
  if (chosen.length === 0) return;
  const asking = ['node_modules/jest/bin/jest.js', '--showConfig', '--ci', ...chosen];
  await run(process.execPath, asking, { cwd: project }).catch(({ message }) => {
    const why = /Unrecognized option .*/.exec(message)?.[0] ?? message;
    throw new Error(`${why}\n\n${usage}`);
  });
}

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return {};
  }
}

/** Leaves out what would mislead the tests. What a killed test leaves is removed by this run, or the next. */
function testEnvironment() {
  const unwanted = /^(DOCKER_.*|https?_proxy|all_proxy|no_proxy|OS_.*|GLANCE_.*)$/i;
  const wanted = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  const colour = process.stderr.isTTY ? { FORCE_COLOR: '1' } : {};
  return { ...colour, ...Object.fromEntries(wanted), TMPDIR: folder };
}

function skip(title, why) {
  const allowed = process.env.CI !== 'true';
  console.log(`── ${title}: ${allowed ? 'skipped' : 'may not be skipped with CI=true'}: ${why}`);
  if (!allowed) results.push({ title, passed: 0, failed: 1, skipped: 0 });
}

/** Runs a tier. A tier that cannot run fails, and the others continue. */
async function attempt(title, tier) {
  try {
    await tier();
  } catch (error) {
    if (isEnding()) throw error;
    if (error instanceof Unavailable) return skip(title, error.message);
    console.error(`── ${title}: ${error.message}`);
    results.push({ title, passed: 0, failed: 1, skipped: 0 });
  }
}

/** Runs work, then stops all that it started, the last first. */
async function stopping(work) {
  const started = [];
  const keep = (one) => {
    started.push(one);
    return one;
  };
  try {
    await work(keep);
  } finally {
    for (const { stop } of started.reverse()) await stop();
  }
}

/**
 * Runs tests on an engine of their own.
 *
 * @param name prefixes each line of the output.
 */
const engineTier = (name, { engine: kind, tests, other: otherKind }) =>
  stopping(async (keep) => {
    const { version, containerdStore = false, userNamespaces = false, rootless = false } = engines[kind];
    if (rootless && !(await allowsRootless())) {
      console.log(`── engine ${name}: not possible, ordinary users get no namespaces or no /dev/net/tun`);
      return;
    }
    const engine = keep(await startEngine(version, { containerdStore, userNamespaces, rootless }));
    const other = otherKind === undefined ? undefined : keep(await startEngine(engines[otherKind].version));
    const registry = keep(await startRegistry());
    // Clients of the registry that the library has.
    await installPackages('skopeo', 'podman');
    await registry.serve(engine);
    const restart = async (containerd) => {
      await engine.restart(containerd);
      await registry.serve(engine);
    };
    const restarter = keep(await restartOnRequest({ restart, pid: engine.pid }));
    const title = `engine ${name}, ${engine.version}`;
    // The command line selects among these tests.
    const ignored = `--testPathIgnorePatterns=<rootDir>/test/(?!${tests.join('|')})`;
    await jest(name, title, ['engine', 'faults'], [...alone, ...patience, ignored], {
      DOCKER_HOST: engine.host,
      ...(other === undefined ? {} : { OTHER_DOCKER_HOST: other.host }),
      ENGINE_RESTART: restarter.url,
      ...registry.env,
    });
  });

/** The engine tiers by name. Chosen tests share one engine of each kind, since they are few. */
function engineTiers() {
  const wanted = parts.filter(({ engine }) => values.engine.includes(engine));
  if (chosen.length === 0)
    return wanted.map((part) => [
      part.tests.every((path) => path.startsWith('faults/')) ? `${part.engine} faults` : part.engine,
      part,
    ]);
  const kinds = [...new Set(wanted.map(({ engine }) => engine))];
  return kinds.map((engine) => {
    const ofThis = wanted.filter((part) => part.engine === engine);
    const other = ofThis.find((part) => part.other !== undefined)?.other;
    return [engine, { engine, other, tests: ofThis.flatMap(({ tests }) => tests) }];
  });
}

/** Tests mostly wait for an engine or a timeout. */
async function twoForEachProcessor(works) {
  const waiting = [...works];
  const lane = async () => {
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) await work();
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, lane));
}

const imagesTier = () =>
  stopping(async (keep) => {
    await installPackages('skopeo', 'podman');
    const [engine, glance] = await Promise.all([startEngine('20.10').then(keep), startGlance()]);
    await jest(
      'images',
      `Glance and Keystone, engine ${engine.version}`,
      ['images'],
      [...alone, ...patience],
      {
        DOCKER_HOST: engine.host,
        ...glance,
      },
    );
  });

await main(async () => {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  for (const [name, offered] of Object.entries(choices)) {
    const strange = values[name].filter((value) => !offered.includes(value));
    if (strange.length > 0)
      throw new Error(`--${name} is one of ${offered.join(', ')}, not ${strange.join(' or ')}\n\n${usage}`);
  }
  await installDependencies();
  await optionsMustBeJests();
  const wants = (tier) => values.tier.includes(tier);
  const installs = canInstall();
  if (wants('unit')) await attempt('unit', () => jest('unit', 'unit, on recorded fixtures', ['unit'], []));
  const tiers = [
    ...(wants('engine') && installs
      ? engineTiers().map(([name, part]) => [`engine ${name}`, () => engineTier(name, part)])
      : []),
    ...(wants('images') && installs ? [['images', imagesTier]] : []),
  ];
  await twoForEachProcessor(
    tiers.map(
      ([title, tier]) =>
        () =>
          attempt(title, tier),
    ),
  );
  if (wants('engine') && !installs) {
    const engine = await findEngine();
    if (engine === undefined)
      skip('engine', 'no engine answers at DOCKER_HOST, and none can be installed here');
    else
      await attempt('engine', () =>
        jest(
          'engine',
          `engine ${engine.version}, found at ${engine.host}`,
          ['engine', 'faults'],
          [...alone, ...patience],
          {
            DOCKER_HOST: engine.host,
          },
        ),
      );
  }
  if (wants('images') && !installs)
    skip('images', 'Glance and Keystone are installed as root on Debian or Ubuntu only');

  console.log();
  for (const { title, passed, failed, skipped } of results)
    console.log(`${title}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  const sum = (field) => results.reduce((total, result) => total + result[field], 0);
  const empty = results.filter(({ passed, failed }) => passed + failed === 0);
  for (const { title } of empty) console.log(`${title}: ran no test`);
  const lacking = chosen.length > 0 && empty.length < results.length ? 0 : empty.length;
  const bad = sum('failed') + lacking + (process.env.CI === 'true' ? sum('skipped') : 0);
  console.log(`\n${sum('passed')} passed, ${bad} failed`);
  return bad === 0 && results.length > 0 ? 0 : 1;
});

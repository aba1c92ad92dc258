// npm run bench: measures the driver against plain tools, on private engines and a real Glance. See --help.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { canInstall, installPackages } from '../environment/debian.mjs';
import { engineVersions, startEngine } from '../environment/engine.mjs';
import { startGlance } from '../environment/glance.mjs';
import { installDependencies, project } from '../environment/packages.mjs';
import { main, run, whenDone } from '../environment/processes.mjs';

/** The engines to choose from. */
const engines = [
  ...engineVersions.map((version) => ({ name: version, version })),
  { name: '28.5-containerd', version: '28.5', containerdStore: true },
];
const engineNames = engines.map(({ name }) => name);

const benchmarks = ['load', 'snapshot', 'layers', 'hot-path'];

const usage = `npm run bench -- [--only ${benchmarks.join('|')}]… [--engine ${engineNames.join('|')}]… [--rounds N] [--gibibytes N]
  Without options: every benchmark on engine ${engineNames[0]}, in 2 rounds, with an image of 1 GiB: some five minutes. Needs root on Debian or Ubuntu.`;

/**
 * Parses the command line.
 *
 * @throws Error that says in one line which argument is wrong.
 */
function readArguments() {
  const refuse = (what) => {
    throw new Error(`${what}. What there is: npm run bench -- --help`);
  };
  const mustBeAmong = (option, chosen, choices) => {
    const unknown = chosen.find((one) => !choices.includes(one));
    if (unknown !== undefined) refuse(`--${option} is one of ${choices.join(', ')}, not ${unknown}`);
  };
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: benchmarks },
        engine: { type: 'string', multiple: true, default: engineNames.slice(0, 1) },
        rounds: { type: 'string', default: '2' },
        gibibytes: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    // Only the first sentence: Node appends a long explanation.
    refuse(error.message.split(/[.\n]/)[0]);
  }
  mustBeAmong('only', values.only, benchmarks);
  mustBeAmong('engine', values.engine, engineNames);
  for (const option of ['rounds', 'gibibytes'])
    if (!/^[1-9]\d{0,2}$/.test(values[option]))
      refuse(`--${option} is a number from 1 to 999, not ${values[option]}`);
  return values;
}

/** Compiles driver and benchmarks: a compiler in the measured process would distort its memory figures. */
async function compile() {
  const folder = join(project, '.cache', `bench-${process.pid}`);
  whenDone(async () => rmSync(folder, { recursive: true, force: true }));
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'test/bench', '--noCheck', '--outDir', folder], { cwd: project });
  return join(folder, 'test/bench/main.js');
}

/** Runs the benchmarks on an engine, and waits for their exit, so that they can end their own processes. */
async function bench(program, only, env) {
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...only], {
    cwd: project,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  whenDone(async () => {
    child.kill();
    await ended;
  });
  return ended;
}

await main(async () => {
  const { only, engine: chosen, rounds, gibibytes, help } = readArguments();
  if (help) {
    console.log(usage);
    return 0;
  }
  if (!canInstall()) throw new Error('the engines and Glance are installed as root on Debian or Ubuntu only');
  await installDependencies();
  await installPackages('busybox-static', 'curl');
  const program = await compile();
  const glance = await startGlance();
  for (const { name, version, containerdStore } of engines.filter((each) => chosen.includes(each.name))) {
    const engine = await startEngine(version, { containerdStore });
    // Later distributions package the docker command separately.
    if (!existsSync('/usr/bin/docker')) await installPackages('docker-cli');
    console.log(`\n── engine ${name}, ${engine.version}`);
    const code = await bench(program, only, {
      ...glance,
      DOCKER_HOST: engine.host,
      BENCH_ROUNDS: rounds,
      BENCH_GIBIBYTES: gibibytes,
    });
    await engine.stop();
    if (code !== 0) return code;
  }
  return 0;
});

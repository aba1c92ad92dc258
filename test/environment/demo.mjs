// npm run demo: plays the life of an instance on a real engine, from a fresh clone.
import { spawn } from 'node:child_process';
import { canInstall, installPackages } from './debian.mjs';
import { findEngine, startEngine } from './engine.mjs';
import { installDependencies, project } from './packages.mjs';
import { main, whenDone } from './processes.mjs';
import { stateFolder } from './state-folder.mjs';

await main(async () => {
  await installDependencies();
  if (canInstall()) await installPackages('busybox-static');
  // The files of the example are removed by this run, or by the next one if both processes are killed.
  const { folder } = await stateFolder('nova-demo-');
  const found = await findEngine();
  const { DOCKER_HOST: wanted } = process.env;
  if (found === undefined && wanted)
    throw new Error(`No engine answers at ${wanted} (DOCKER_HOST); the demo does not support TLS`);
  if (found === undefined && !canInstall())
    throw new Error(
      'No engine answers: set DOCKER_HOST, or run this as root on Debian or Ubuntu, to install one',
    );
  if (found === undefined) console.log('starting a private engine …');
  const engine = found ?? (await startEngine('20.10'));
  console.log(`engine ${engine.version} at ${engine.host}\n`);
  let child, ended;
  // When terminated, the example destroys its instances, for which it still needs the engine.
  whenDone(async () => {
    child.kill();
    await ended;
  });
  child = spawn(
    process.execPath,
    ['--enable-source-maps', '--import', './docs/examples/register.mjs', 'docs/examples/boot-an-instance.ts'],
    { cwd: project, stdio: 'inherit', env: { ...process.env, DOCKER_HOST: engine.host, TMPDIR: folder } },
  );
  ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  return ended;
});

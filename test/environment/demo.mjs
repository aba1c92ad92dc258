// npm run demo: an instance's life on a real engine, from a fresh clone.
import { spawn } from 'node:child_process';
import { canInstall, installPackages } from './debian.mjs';
import { findEngine, startEngine } from './engine.mjs';
import { installDependencies, project } from './packages.mjs';
import { main, whenDone } from './processes.mjs';
import { stateFolder } from './state-folder.mjs';

await main(async () => {
  await installDependencies();
  if (canInstall()) await installPackages('busybox-static');
  // What the example puts down goes with this run, or, should both be killed, with the next one.
  const { folder } = await stateFolder('nova-demo-');
  const found = await findEngine();
  const { DOCKER_HOST: wanted } = process.env;
  if (found === undefined && wanted)
    throw new Error(`No engine answers at ${wanted}, which DOCKER_HOST names; the demo speaks no TLS`);
  if (found === undefined && !canInstall())
    throw new Error(
      'No engine answers: set DOCKER_HOST, or run this as root on Debian or Ubuntu, where one is installed',
    );
  if (found === undefined) console.log('starting an engine of its own …');
  const engine = found ?? (await startEngine('20.10'));
  console.log(`engine ${engine.version} at ${engine.host}\n`);
  let child, ended;
  // Told to end, the example destroys what it booted; the engine must outlive it.
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

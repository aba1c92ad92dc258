// npm run record [-- SCENARIO…]: records the fixtures again, from an engine of each version.
import { spawn } from 'node:child_process';
import { engineVersions, startEngine } from './engine.mjs';
import { installDependencies, project } from './packages.mjs';
import { main } from './processes.mjs';

await main(async () => {
  await installDependencies();
  for (const version of engineVersions) {
    const engine = await startEngine(version);
    console.log(`engine ${engine.version}`);
    const child = spawn(
      process.execPath,
      ['--import', './docs/examples/register.mjs', 'fixtures/record.ts', ...process.argv.slice(2)],
      {
        cwd: project,
        stdio: 'inherit',
        env: { ...process.env, DOCKER_HOST: engine.host },
      },
    );
    const code = await new Promise((resolve) => child.once('close', resolve));
    await engine.stop();
    if (code !== 0) return 1;
  }
  return 0;
});

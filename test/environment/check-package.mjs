// npm run check-package: checks that the package of `npm pack` installs, and imports in every way that the
// README names.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './packages.mjs';
import { main, run } from './processes.mjs';
import { stateFolder } from './state-folder.mjs';

const unwanted = /^(test|fixtures|docs\/api|node_modules)\/|\.test\./;

const importing = `
  import { DockerDriver, power_state } from 'nova-docker-driver';
  import { startReplayer } from 'nova-docker-driver/testing';
  new DockerDriver();
  if (power_state.RUNNING !== 1 || typeof startReplayer !== 'function') process.exit(1);`;

const requiring = `
  const { DockerDriver } = require('nova-docker-driver');
  const { startRecorder } = require('nova-docker-driver/testing');
  new DockerDriver();
  if (typeof startRecorder !== 'function') process.exit(1);`;

const consumer = `
  import { DockerDriver, DirectoryImageService, type ComputeDriver, type Instance } from 'nova-docker-driver';
  import { startFaultProxy, type FaultProxy } from 'nova-docker-driver/testing';
  const driver: ComputeDriver = new DockerDriver({ imageService: new DirectoryImageService({ directory: 'images' }) });
  const instance: Instance = { uuid: '', name: '', flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 } };
  export const state: Promise<number> = driver.get_info(instance).then((info) => info.state);
  export const proxy: Promise<FaultProxy> = startFaultProxy({ engine: 'unix:///x' });
`;

await main(async () => {
  const { folder } = await stateFolder('nova-package-');
  await run('npm', ['run', 'build'], { cwd: project });
  const [packed] = JSON.parse(
    await run('npm', ['pack', '--json', '--ignore-scripts', '--silent', '--pack-destination', folder], {
      cwd: project,
    }),
  );
  const paths = packed.files.map(({ path }) => path);
  const strange = paths.filter((path) => unwanted.test(path));
  if (strange.length > 0)
    throw new Error(`the package contains files that users do not need: ${strange.join(' ')}`);
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)];
  const dangling = links.filter(([, path]) => !paths.some((packedPath) => packedPath.startsWith(path)));
  if (dangling.length > 0)
    throw new Error(`the README links to files outside the package: ${dangling.join(' ')}`);

  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--silent', join(folder, packed.filename)], { cwd: folder });
  await run(process.execPath, ['--input-type=module', '-e', importing], { cwd: folder });
  await run(process.execPath, ['--input-type=commonjs', '-e', requiring], { cwd: folder });
  writeFileSync(join(folder, 'consumer.ts'), consumer);
  const [, firstProgram] = /## A first program\n[^]*?```ts\n([^]*?)```/.exec(readme);
  writeFileSync(join(folder, 'first.ts'), firstProgram);
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const roots = ['--typeRoots', join(project, 'node_modules/@types')];
  await run(
    process.execPath,
    [join(project, 'node_modules/typescript/bin/tsc'), ...options, ...roots, 'consumer.ts', 'first.ts'],
    {
      cwd: folder,
    },
  );
  console.log(
    `${packed.filename}: ${packed.files.length} files, ${packed.size} bytes; import, require and tsc succeed`,
  );
  return 0;
});

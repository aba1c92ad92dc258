// The project's own packages.
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

/** The project's folder. */
export const project = fileURLToPath(new URL('../../', import.meta.url));

/** Installs the packages of the lock file when they are not there, or not those of the lock file. */
export async function installDependencies() {
  const installed = `${project}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${project}package-lock.json`).mtimeMs)
    return;
  console.log('installing the packages of the project …');
  // Whatever NODE_ENV says: jest and the compiler are among the packages for development.
  await run('npm', ['ci', '--include=dev'], { cwd: project });
}

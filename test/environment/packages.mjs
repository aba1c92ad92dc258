// The project's own packages.
import { existsSync, lstatSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

/** The project's folder. */
export const project = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Installs the packages of the lock file when they are not there, or not those of the lock file.
 *
 * @throws Error when they would have to be installed in a folder elsewhere.
 */
export async function installDependencies() {
  const installed = `${project}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${project}package-lock.json`).mtimeMs)
    return;
  // npm would empty the folder that it leads to, which is another's.
  if (lstatSync(`${project}node_modules`, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new Error(
      'node_modules is a symbolic link, and does not hold the packages of the lock file: remove the link, then run this again',
    );
  console.log('installing the packages of the project …');
  // Whatever NODE_ENV says: jest and the compiler are among the packages for development.
  await run('npm', ['ci', '--include=dev'], { cwd: project });
}

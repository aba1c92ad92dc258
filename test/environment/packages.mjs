// The npm packages of the project.
import { existsSync, lstatSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

/** The folder of the project. */
export const project = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Installs the packages of the lock file if they are missing or outdated.
 *
 * @throws Error if they would have to be installed in a folder elsewhere.
 */
export async function installDependencies() {
  const installed = `${project}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${project}package-lock.json`).mtimeMs)
    return;
  // npm would empty the target of the link, which belongs to another checkout.
  if (lstatSync(`${project}node_modules`, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new Error(
      'node_modules is a symbolic link, and does not hold the packages of the lock file: remove the link, then run this again',
    );
  console.log('installing the packages of the project …');
  // Regardless of NODE_ENV: jest and the compiler are devDependencies.
  await run('npm', ['ci', '--include=dev'], { cwd: project });
}

import { spawn } from 'node:child_process';
import { calm } from './calm.js';
import { engine, token } from './surroundings.js';

/**
 * Runs a pipeline of plain tools in bash.
 *
 * @param variables - environment variables of the script.
 * @returns its output.
 * @throws Error with its standard error when any part of the pipeline fails.
 */
export async function shell(
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  // /usr/bin has the docker command of the distribution, even if another one is installed elsewhere.
  const env = { ...variables, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DOCKER_HOST: engine, TOKEN: token };
  const child = spawn('bash', ['-c', `set -euo pipefail; ${script}`], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => (output += String(text)));
  child.stderr.on('data', (text) => (errors += String(text)));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${script}: ${errors}`);
  return output.trim();
}

/** Runs a pipeline of plain tools. @returns milliseconds. */
export async function timeOf(script: string, variables: Readonly<Record<string, string>>): Promise<number> {
  const began = performance.now();
  await shell(script, variables);
  return performance.now() - began;
}

/**
 * Removes all images of the engine, syncs the disk and waits for idle CPUs, so that the previous
 * measurement does not affect the next one.
 */
export async function settle(): Promise<void> {
  await shell('docker images --all --quiet | sort -u | xargs --no-run-if-empty docker rmi --force; sync');
  if ((await shell('docker images --all --quiet')) !== '') throw new Error('the engine still has images');
  await calm();
}

// Docker Engines: the one that is there, or a private one that is started and ended here.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages, unpackFromSuite } from './debian.mjs';
import { born, end, processesOf, run, startDaemon, whenDone } from './processes.mjs';

/** The engine versions that a Debian 12 can run: its own, and one that is unpacked beside it. */
export const engineVersions = ['20.10', '28.5'];

const prefix = 'nova-engine-';

/** Asks an engine what it is; undefined when none answers. */
export function engineAt(host) {
  const target = host.startsWith('unix://')
    ? { socketPath: host.slice('unix://'.length) }
    : { host: new URL(host).hostname, port: new URL(host).port };
  return new Promise((resolve) => {
    const asking = request({ ...target, path: '/version', timeout: 2000 }, (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () =>
        resolve(answer.statusCode === 200 ? { host, version: JSON.parse(text).Version } : undefined),
      );
    });
    asking.on('error', () => resolve(undefined));
    asking.on('timeout', () => asking.destroy());
    asking.end();
  });
}

/** An engine that is there already: that of DOCKER_HOST, else the usual one. */
export async function findEngine() {
  return engineAt(process.env.DOCKER_HOST || 'unix:///var/run/docker.sock');
}

/**
 * Starts an engine with a socket, files and network of its own, and has it ended with this process.
 *
 * @param version one of `engineVersions`.
 */
export async function startEngine(version) {
  await removeStale();
  // unshare gives the engine a network of its own: its bridges and addresses do not meet the machine's.
  await installPackages('docker.io', 'iproute2', 'util-linux');
  const root = version === '20.10' ? undefined : await unpackFromSuite('forky', 'docker.io', 'containerd');
  // A unix socket's path has 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(folder, 'owner'), `${process.pid} ${born(process.pid)}`);
  whenDone(() => removeEngine(folder));

  const own = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const path = [...(root === undefined ? [] : [join(root, 'usr/sbin'), join(root, 'usr/bin')]), ...own];
  const flags = [
    ...[
      '-H',
      `unix://${folder}/docker.sock`,
      '--data-root',
      `${folder}/data`,
      '--exec-root',
      `${folder}/exec`,
    ],
    ...[
      '--pidfile',
      `${folder}/pid`,
      '--bridge=none',
      '--iptables=false',
      '--ip6tables=false',
      '--ip-forward=false',
    ],
    ...['--shutdown-timeout', '5'],
  ];
  const log = join(folder, 'log');
  const command = ['--net', '--', 'sh', '-c', 'ip link set lo up && exec dockerd "$@"', 'dockerd', ...flags];
  const daemon = startDaemon('unshare', command, { log, env: { PATH: path.join(':'), HOME: folder } });

  const host = `unix://${folder}/docker.sock`;
  for (const limit = Date.now() + 60_000; ; await sleep(100)) {
    const engine = await engineAt(host);
    if (engine !== undefined) {
      if (!engine.version.startsWith(`${version}.`))
        console.log(`this distribution's engine is ${engine.version}, not ${version}`);
      return { ...engine, stop: () => removeEngine(folder) };
    }
    if (Date.now() > limit || born(daemon.pid) === undefined)
      throw new Error(`the engine ${version} did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
  }
}

/** Ends an engine and everything that it started, and removes its files. */
async function removeEngine(folder) {
  if (!existsSync(folder)) return;
  const pidfile = join(folder, 'pid');
  if (existsSync(pidfile)) await end(Number(readFileSync(pidfile, 'utf8')));
  for (const pid of processesOf(folder, ['dockerd', 'containerd'])) await end(pid, { patience: 2000 });
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1]?.replace(/\\040/g, ' ') ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`));
  for (const mount of mounts.reverse()) await run('umount', ['-l', mount]);
  rmSync(folder, { recursive: true, force: true });
}

/** Removes what runs left that were killed before they could clean up. */
async function removeStale() {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const owner = join(folder, 'owner');
    if (!existsSync(owner)) continue;
    const [pid, birth] = readFileSync(owner, 'utf8').split(' ');
    if (born(pid) === birth) continue;
    // Another run may have begun to remove it, too.
    await removeEngine(folder).catch((error) => console.log(`could not remove ${folder}: ${error.message}`));
  }
}

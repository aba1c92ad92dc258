// Docker Engines: finds a running one, or starts and ends a private one.
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages, unpackFromSuite } from './debian.mjs';
import { born, end, processesInside, processesOf, run, runInCleanup, startDaemon } from './processes.mjs';
import { stateFolder } from './state-folder.mjs';

/** The engine versions that a Debian 12 can run: its own, and one that is unpacked beside it. */
export const engineVersions = ['20.10', '28.5'];

/** The file with the pid and start time of an engine's process. Its own pidfile may name a reused pid. */
const daemonOf = (folder) => join(folder, 'daemon');

/** Requests the version of an engine; undefined if none answers. */
export async function engineAt(host) {
  try {
    const target = host.startsWith('unix://')
      ? { socketPath: host.slice('unix://'.length) }
      : { host: new URL(host).hostname, port: new URL(host).port };
    const asking = request({ ...target, path: '/version', signal: AbortSignal.timeout(2000) }).end();
    const [answer] = await once(asking, 'response');
    const { Version: version } = await json(answer);
    return answer.statusCode === 200 ? { host, version } : undefined;
  } catch {
    return undefined;
  }
}

/** The user and the group whose subordinate ids containers get; a rootless engine runs as this user. */
const remapped = ['nobody', 'nogroup'];

/** Becomes the user of a rootless engine. */
const unprivileged = ['setpriv', '--reuid', remapped[0], '--regid', remapped[1], '--clear-groups'];

/** Whether the kernel lets an ordinary user create the namespaces and the network that a rootless engine needs. */
export async function allowsRootless() {
  if (!existsSync('/dev/net/tun')) return false;
  await installPackages('util-linux');
  const [command, ...flags] = unprivileged;
  const namespaces = ['unshare', '--user', '--map-root-user', '--mount', '--net', 'true'];
  return run(command, [...flags, ...namespaces]).then(
    () => true,
    () => false,
  );
}

/**
 * Gives an engine subordinate ids of the host for its containers, without changing the machine: lays files
 * over the machine's own in the mount namespace of the engine.
 *
 * @returns the shell commands that do so, for the shell that becomes the engine.
 */
function subordinateIds(folder) {
  // Root in a container is an ordinary user of the machine, and must reach the data directory of the engine.
  chmodSync(folder, 0o711);
  const files = ['subuid', 'subgid'].map((name) => [join(folder, name), `/etc/${name}`]);
  const ranges = remapped.map((name) => `${name}:200000:65536\n`).join('');
  for (const [own] of files) writeFileSync(own, ranges);
  return files
    .map(([own, machines]) => `touch ${machines} && mount --bind '${own}' ${machines} && `)
    .join('');
}

/**
 * Lets an ordinary user run an engine: the engine's files become readable for it, its folder writable.
 *
 * @returns the shell commands that do so, for the shell that becomes the engine.
 */
function asUser(folder, root) {
  const engine = join(folder, 'engine');
  mkdirSync(engine);
  return `chown ${remapped.join(':')} '${folder}' && mount --bind '${root}' '${engine}' && `;
}

/** The command of a rootless engine, which takes the engine's options. */
function rootlessDaemon(folder) {
  const network = ['--net=slirp4netns', '--mtu=1500', '--disable-host-loopback'];
  const namespaces = [...network, '--copy-up=/etc', '--copy-up=/run', '--propagation=rslave'];
  // /run of the machine may hold links to another engine's files.
  const start = 'rm -f /run/docker /run/containerd /run/xtables.lock && exec dockerd "$@"';
  const rootlesskit = ['rootlesskit', `--state-dir='${folder}/rootlesskit'`, ...namespaces];
  return [...unprivileged, ...rootlesskit, 'sh', '-c', `'${start}'`, 'dockerd'].join(' ');
}

/** Finds a running engine: that of DOCKER_HOST, else the one at the default socket. */
export async function findEngine() {
  return engineAt(process.env.DOCKER_HOST || 'unix:///var/run/docker.sock');
}

/**
 * Starts an engine with a socket, files and network of its own, which ends with this process.
 *
 * @param version one of `engineVersions`.
 * @param options `containerdStore`: keep images in containerd's store, the default from 29 on; not in 20.10.
 * `userNamespaces`: map the users of containers to others of the host (`userns-remap`).
 * `rootless`: run as an ordinary user; not 20.10, see {@link allowsRootless}.
 */
export async function startEngine(
  version,
  { containerdStore = false, userNamespaces = false, rootless = false } = {},
) {
  // unshare keeps the bridges and addresses of the engine apart from the machine's. Tests build images from
  // busybox, and compress them with gzip, zstd, xz and bzip2.
  await installPackages('docker.io', 'iproute2', 'util-linux', 'busybox-static', 'zstd', 'xz-utils', 'bzip2');
  if (rootless) await installPackages('rootlesskit', 'slirp4netns', 'uidmap');
  const root = version === '20.10' ? undefined : await unpackFromSuite('forky', 'docker.io', 'containerd');
  // The path of a Unix socket may have 107 bytes at most.
  const { folder, remove } = await stateFolder('nova-engine-', endEngine);

  const own = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const programs = rootless ? join(folder, 'engine') : root;
  const path = [
    ...(programs === undefined ? [] : [join(programs, 'usr/sbin'), join(programs, 'usr/bin')]),
    ...own,
  ];
  const flags = (containerd) => [
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
    ...(version === '20.10' ? [] : ['--feature', `containerd-snapshotter=${containerd}`]),
    ...(userNamespaces ? ['--userns-remap', remapped.join(':')] : []),
    ...(rootless ? ['--rootless'] : []),
  ];
  const prepare = [
    userNamespaces || rootless ? subordinateIds(folder) : '',
    rootless ? asUser(folder, root) : '',
  ].join('');
  const log = join(folder, 'log');
  const daemon = rootless ? rootlessDaemon(folder) : 'dockerd';
  const start = `ip link set lo up && ${prepare}exec ${daemon} "$@"`;
  const command = (containerd) => [
    ...['--net', ...(userNamespaces || rootless ? ['--mount'] : [])],
    ...['--', 'sh', '-c', start, 'dockerd', ...flags(containerd)],
  ];
  const host = `unix://${folder}/docker.sock`;
  const launch = async (containerd) => {
    const daemon = startDaemon('unshare', command(containerd), {
      log,
      env: { PATH: path.join(':'), HOME: folder, XDG_RUNTIME_DIR: folder },
    });
    writeFileSync(daemonOf(folder), `${daemon.pid} ${born(daemon.pid)}`);
    for (const limit = Date.now() + 60_000; ; await sleep(100)) {
      const engine = await engineAt(host);
      if (engine !== undefined) return engine;
      if (Date.now() > limit || born(daemon.pid) === undefined)
        throw new Error(`the engine ${version} did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    }
  };
  const engine = await launch(containerdStore);
  if (!engine.version.startsWith(`${version}.`))
    console.log(`this distribution's engine is ${engine.version}, not ${version}`);
  /** @param containerd whether to keep images in containerd's store from now on; default: as at the start. */
  const restart = async (containerd = containerdStore) => {
    await endDaemon(folder);
    await launch(containerd);
  };
  /** The pid of the engine's process, which changes with a restart. */
  const pid = () => Number(readFileSync(daemonOf(folder), 'utf8').split(' ')[0]);
  return { ...engine, pid, stop: remove, restart };
}

/**
 * Lets other processes restart an engine, since tests run in processes of their own. The parameter `containerd` of the
 * query, `true` or `false`, changes the engine's image store. GET tells the pid of the engine's process.
 *
 * @returns the URL to POST to, which answers once the engine is back, and a function that stops the server.
 */
export async function restartOnRequest({ restart, pid }) {
  const server = createServer((request, response) => {
    if (request.method === 'GET') return response.end(String(pid()));
    const wanted = new URL(request.url, 'http://localhost').searchParams.get('containerd');
    restart(wanted === null ? undefined : wanted === 'true').then(
      () => response.writeHead(204).end(),
      (error) => response.writeHead(500).end(error.message),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function endDaemon(folder) {
  const daemon = daemonOf(folder);
  if (!existsSync(daemon)) return;
  const [pid, birth] = readFileSync(daemon, 'utf8').split(' ');
  if (born(pid) === birth) await end(Number(pid));
}

/** Ends an engine and every process that it started. */
async function endEngine(folder) {
  await endDaemon(folder);
  for (const pid of processesOf(folder, ['dockerd', 'containerd'])) await end(pid, { patience: 2000 });
  // If dockerd was killed, the processes in its containers have outlived dockerd and their shims.
  const containers = join(folder, 'data', 'containers');
  const ids = existsSync(containers) ? readdirSync(containers) : [];
  for (const pid of processesInside(ids)) await end(pid, { patience: 0 });
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1]?.replace(/\\040/g, ' ') ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`));
  for (const mount of mounts.reverse()) await runInCleanup('umount', ['-l', mount]);
}

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HostSubnets } from '../../../lib/network/reserved/host-subnets.js';
import { noOpLogger } from '../../support/silent-logger.js';

/** A host network that only the engine's namespace has, and a subnet in it. */
const ownNetwork = `ip link add nova-own0 type bridge; ip link set nova-own0 up; ip addr add 10.94.0.1/24 dev nova-own0`;
const captured = '10.94.0.0/28';

/** Processes in network and mount namespaces of their own, as an engine and its impostors are. */
describe('the process of an engine in another network namespace', () => {
  let folder: string;
  let running: ChildProcess[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-own-'));
    for (const name of ['run', 'user']) await mkdir(join(folder, name));
    running = [];
  });
  afterEach(async () => {
    for (const child of running.reverse()) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs shell commands, listens on a socket, runs further commands and waits to be killed. */
  const listens = async (
    {
      before,
      socket,
      after = '',
      user = 0,
    }: { before: string; socket: string; after?: string; user?: number },
    ...flags: readonly string[]
  ): Promise<void> => {
    const program = `
      const run = (commands) => require('node:child_process').execFileSync('sh', ['-ec', commands]);
      run(process.argv[1]);
      require('node:net').createServer().listen(process.argv[2], () => {
        run(process.argv[3]);
        const user = Number(process.argv[4]);
        if (user !== 0) process.setuid(user);
        console.log('ready');
      });`;
    const words = ['--net', '--mount', ...flags, '--', process.execPath, '-e', program];
    const child = spawn('unshare', [...words, before, socket, after, String(user)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(child);
    const ready = once(child.stdout, 'data');
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the listener has ended')));
    await Promise.race([ready, ended]);
  };

  const socketPath = (): string => join(folder, 'user/engine.sock');
  const engineListens = (): Promise<void> => listens({ before: ownNetwork, socket: socketPath() });
  const conflict = async (cidr: string): Promise<string | undefined> =>
    await new HostSubnets({
      address: { socketPath: socketPath() },
      reservedSubnets: [],
      servers: () => Promise.resolve([]),
      logger: noOpLogger,
    }).conflict([cidr], undefined);

  it('is found where its files are links that lead elsewhere for this process, as with rootless engines', async () => {
    const [run, user] = [join(folder, 'run'), join(folder, 'user')];
    await listens({
      before: `${ownNetwork}; mount -t tmpfs none ${run}; mkdir ${run}/.copy; mount --bind ${user} ${run}/.copy; ln -s ${run}/.copy ${run}/user`,
      socket: join(run, 'user/engine.sock'),
    });
    expect(await conflict(captured)).toBe('the route 10.94.0.0/24 of the host (nova-own0)');
  });

  it('is no process in a container that listens on a socket of the same name, with a link where its folder was', async () => {
    await listens(
      {
        before: `mount -t tmpfs none ${folder}; mkdir ${folder}/tenant`,
        socket: join(folder, 'tenant/engine.sock'),
        after: `mv ${folder}/tenant ${folder}/was; ln -s ${folder}/user ${folder}/tenant`,
      },
      ...['--pid', '--fork', '--kill-child'],
    );
    await engineListens();
    expect(await conflict(captured)).toBe('the route 10.94.0.0/24 of the host (nova-own0)');
  });

  it('is no process of another user of the host who mounts its socket where he listens', async () => {
    const [run, socket] = [join(folder, 'run'), socketPath()];
    const isThere = `for i in $(seq 600); do test -S ${socket} && break; sleep 0.1; done`;
    const impostor = listens({
      before: `mount -t tmpfs none ${run}`,
      socket: join(run, 'engine.sock'),
      after: `${isThere}; mount --bind ${socket} ${run}/engine.sock`,
      user: 65_534,
    });
    await engineListens();
    await impostor;
    expect(await conflict(captured)).toBe('the route 10.94.0.0/24 of the host (nova-own0)');
  });

  it('has the name servers that it asks, too', async () => {
    const file = join(folder, 'resolv.conf');
    await writeFile(file, 'nameserver 192.0.2.53\n');
    await listens({ before: `mount --bind ${file} /etc/resolv.conf`, socket: socketPath() });
    expect(await conflict('192.0.2.0/24')).toBe('the name server 192.0.2.53 of the host');
  });
});

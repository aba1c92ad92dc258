import { readdir, readlink, stat } from 'node:fs/promises';
import { pathInRoot } from './path-in-root.js';
import { linesOf, readIfThere, unlessHidden } from './procfs.js';

/** The procfs folder of this process. */
export const ownProcess = '/proc/self';

/**
 * Finds a process in the network namespace of the engine that listens on a unix socket. It qualifies when
 *
 * - it is in this process's own PID namespace: the driver looks at no file of a process inside a container;
 * - it runs as the socket's owner: other users of the host can mount the socket where they listen themselves;
 * - a socket that listens in its network namespace has a path that leads, in its root, to the same file.
 *
 * @returns its procfs folder: {@link ownProcess} or `/proc/PID`. Undefined when no process that this one may inspect
 * qualifies: the engine is in another container, belongs to another user, or is on another machine behind a forwarded
 * socket.
 */
export async function engineProcess(socketPath: string): Promise<string | undefined> {
  const socket = await identityOf(socketPath);
  if (socket === undefined) return undefined;
  if (await shows(ownProcess, socket)) return ownProcess;
  const pidNamespace = await linkOf(`${ownProcess}/ns/pid`);
  if (pidNamespace === undefined) return undefined;
  const seen = new Set<string>();
  for (const pid of (await processes()).filter((name) => /^\d+$/.test(name))) {
    const process = `/proc/${pid}`;
    if ((await linkOf(`${process}/ns/pid`)) !== pidNamespace) continue;
    if ((await effectiveUser(process)) !== socket.uid) continue;
    const view = await viewOf(process);
    if (view === undefined || seen.has(view)) continue;
    seen.add(view);
    if (await shows(process, socket)) return process;
  }
  return undefined;
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly uid: bigint;
}

/** Whether a socket listens in the network namespace of a process, and is a certain file for it. */
async function shows(process: string, socket: Identity): Promise<boolean> {
  const listening = linesOf(await readIfThere(`${process}/net/unix`)).flatMap((line) => {
    const [, , , flags, , , , ...path] = line.trim().split(/\s+/);
    return flags === '00010000' && path[0]?.startsWith('/') === true ? [path.join(' ')] : [];
  });
  for (const path of listening) {
    const inside = await pathInRoot(`${process}/root`, path);
    const found = inside === undefined ? undefined : await identityOf(inside);
    if (found?.ino === socket.ino && found.dev === socket.dev) return true;
  }
  return false;
}

/** Processes with the same sockets and the same files; undefined when it has ended or may not be inspected. */
async function viewOf(process: string): Promise<string | undefined> {
  const root = await identityOf(`${process}/root`);
  const namespaces = [await linkOf(`${process}/ns/net`), await linkOf(`${process}/ns/mnt`)];
  if (root === undefined || namespaces.includes(undefined)) return undefined;
  return [...namespaces, root.dev, root.ino].join(' ');
}

/** Not the owner of the process's folder: a process can make that root's. */
async function effectiveUser(process: string): Promise<bigint | undefined> {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(await readIfThere(`${process}/status`))?.[1];
  return uid === undefined ? undefined : BigInt(uid);
}

async function processes(): Promise<string[]> {
  return await readdir('/proc').catch((error: unknown) => unlessHidden(error, []));
}

async function linkOf(path: string): Promise<string | undefined> {
  return await readlink(path).catch((error: unknown) => unlessHidden(error, undefined));
}

async function identityOf(path: string): Promise<Identity | undefined> {
  return await stat(path, { bigint: true }).catch((error: unknown) => unlessHidden(error, undefined));
}

import type { SystemInfo } from './schemas/system.js';

/** Translates the numbers of users and groups in the archives that an engine packs of a container's folders. */
export interface IdMapping {
  /** @returns the user's number in the container. */
  readonly uid: (packed: number) => number;
  /** @returns the group's number in the container. */
  readonly gid: (packed: number) => number;
}

/** What the kernel shows in a user namespace for numbers that have none there. */
const overflowId = 65_534;

const inside =
  (first: number) =>
  (packed: number): number =>
    packed < first ? overflowId : packed - first;

/**
 * How an engine maps the users of its containers. One with `userns-remap` packs a folder (`GET …/archive`) with the
 * host's numbers, while it unpacks and exports with the containers' (28.5). It keeps its data in a folder that is named
 * by the numbers of the containers' root; the others follow in a row. A rootless engine is itself inside of its
 * namespace, and tells the containers' own numbers.
 *
 * @returns undefined where the numbers are the same.
 */
export function idMapping({
  SecurityOptions: options,
  DockerRootDir: folder,
}: Pick<SystemInfo, 'SecurityOptions' | 'DockerRootDir'>): IdMapping | undefined {
  if (!options.some((option) => option.split(',').includes('name=userns'))) return undefined;
  const [, uid, gid] = /\/(\d+)\.(\d+)\/?$/.exec(folder) ?? [];
  return uid === undefined || gid === undefined
    ? undefined
    : { uid: inside(Number(uid)), gid: inside(Number(gid)) };
}

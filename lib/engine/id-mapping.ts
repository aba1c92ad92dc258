import type { SystemInfo } from './schemas/system.js';

/** Translates user and group ids in the archives that an engine creates of a container's directories. */
export interface IdMapping {
  /** @returns the user id in the container. */
  readonly uid: (packed: number) => number;
  /** @returns the group id in the container. */
  readonly gid: (packed: number) => number;
}

/** The kernel's id, in a user namespace, for an id that the namespace does not map. */
const overflowId = 65_534;

const inside =
  (first: number) =>
  (packed: number): number =>
    packed < first ? overflowId : packed - first;

/**
 * How an engine maps its containers' ids. With `userns-remap`, `GET …/archive` reports the host's ids, while upload and
 * export use the containers' (28.5). The engine's data directory is named after the host ids of the containers' root,
 * and the other ids follow consecutively. A rootless engine runs inside its namespace and reports the containers' ids.
 *
 * @returns undefined when the ids are the same.
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

import { readFileSync } from 'node:fs';

/** What systemd gives to the services and logins of a machine. Programs that need more files raise the soft limit. */
const systemd = { soft: 1024, hard: 524_288 };

/**
 * The limit on the open files of an instance's processes, from the operator's settings. The default is not more than
 * this process may have: it and the engine usually run with the same limits, and an engine without the privilege to
 * raise them (rootless, or in a container) starts no instance that is to get more.
 */
export function openFilesLimit({
  soft,
  hard,
}: {
  readonly soft?: number | undefined;
  readonly hard?: number | undefined;
}): { soft: number; hard: number } {
  const most = hard ?? Math.max(soft ?? 1, Math.min(systemd.hard, ownLimit()));
  return { soft: soft ?? Math.min(systemd.soft, most), hard: most };
}

/** Without `/proc`, there is no Linux engine on this machine either: the limit does not count. */
function ownLimit(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Infinity;
  }
  const [, hard] = /^Max open files +\S+ +(\d+)/m.exec(limits) ?? [];
  return hard === undefined ? Infinity : Number(hard);
}

import { loadavg, uptime } from 'node:os';

/** This machine's uptime in the format of `uptime`, which Nova shows to its users. */
export function hostUptime(): string {
  const minutes = Math.floor(uptime() / 60);
  const days = Math.floor(minutes / 1440);
  const clock = `${Math.floor((minutes % 1440) / 60)}:${String(minutes % 60).padStart(2, '0')}`;
  const since = days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
  const now = new Date().toTimeString().slice(0, 8);
  return ` ${now} up ${since},  load average: ${loadavg()
    .map((load) => load.toFixed(2))
    .join(', ')}`;
}

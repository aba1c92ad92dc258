import { loadavg } from 'node:os';

/** Takes one measurement, and gives its milliseconds. */
export type Measure = () => Promise<number>;

/** What each of two contestants took, in milliseconds. */
export interface Times {
  readonly driver: number[];
  readonly plain: number[];
}

/** Measures two contestants in turn, in both orders, so that neither always goes first, and tells each measurement. */
export async function abba(
  rounds: number,
  contestants: Readonly<Record<keyof Times, Measure>>,
): Promise<Times> {
  const times: Times = { driver: [], plain: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const who of ['driver', 'plain', 'plain', 'driver'] as const) {
      const milliseconds = await contestants[who]();
      times[who].push(milliseconds);
      const load = loadavg()[0]?.toFixed(1) ?? '';
      console.log(`  ${who.padEnd(6)}  ${(milliseconds / 1000).toFixed(2)} s  (load ${load})`);
    }
  }
  return times;
}

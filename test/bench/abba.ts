import { loadavg } from 'node:os';

/** Takes one measurement. @returns milliseconds. */
export type Measure = () => Promise<number>;

/** The measurements of both contestants, in milliseconds. */
export interface Times {
  readonly driver: number[];
  readonly plain: number[];
}

/** Measures two contestants alternately, in both orders, so that neither is always first. */
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

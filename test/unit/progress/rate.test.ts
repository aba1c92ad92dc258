import { describe, expect, it } from '@jest/globals';
import { Rate } from '../../../lib/progress/rate.js';

describe('Rate', () => {
  /** Measures five times a second, as a meter does. */
  function measured(
    rate: Rate,
    from: number,
    to: number,
    bytesAt: (now: number) => number,
  ): number | undefined {
    let result: number | undefined;
    for (let now = from; now <= to; now += 200) result = rate.measure(bytesAt(now), now);
    return result;
  }

  it('returns undefined in the first moments, when bytes come out of buffers', () => {
    const rate = new Rate(0);
    expect(rate.measure(64_000, 1)).toBeUndefined();
    expect(rate.measure(128_000, 200)).toBe(640_000);
  });

  it('follows a connection that becomes slower within three seconds', () => {
    const rate = new Rate(0);
    const slower = (now: number): number => (now <= 10_000 ? now * 1000 : 10_000_000 + (now - 10_000) * 10);
    expect(measured(rate, 200, 10_000, slower)).toBe(1_000_000);
    expect(measured(rate, 10_200, 13_200, slower)).toBe(10_000);
  });

  it('stays steady when bytes come in bursts', () => {
    const rate = new Rate(0);
    const rates: number[] = [];
    for (let now = 200; now <= 20_000; now += 200) {
      const gusts = Math.floor(now / 1000) * 1_000_000;
      const measuredRate = rate.measure(gusts, now);
      if (now > 5000) rates.push(measuredRate ?? NaN);
    }
    expect(Math.min(...rates)).toBeGreaterThan(600_000);
    expect(Math.max(...rates)).toBeLessThan(1_400_000);
  });

  it('includes idle time', () => {
    const rate = new Rate(0);
    measured(rate, 200, 1000, (now) => now * 1000);
    expect(rate.measure(1_000_000, 11_000)).toBeLessThan(200_000);
  });
});

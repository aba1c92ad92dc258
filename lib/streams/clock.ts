/** Milliseconds since 1970, by a clock that never goes backwards while the process runs. */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

/** Milliseconds since 1970, by a clock that does not go back while this process runs. */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

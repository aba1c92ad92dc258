/**
 * Milliseconds to wait before an attempt: doubled each time, never the same for all who wait, a few seconds at most.
 */
export const backoff = (attempt: number): number =>
  Math.min(5000, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);

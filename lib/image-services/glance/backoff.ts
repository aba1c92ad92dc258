/** Returns the milliseconds to wait before a retry: exponential backoff with random jitter, at most 5 s. */
export const backoff = (attempt: number): number =>
  Math.min(5000, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);

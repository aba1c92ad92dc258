const liveRequests: readonly { readonly method: string; readonly path: RegExp; readonly query?: RegExp }[] = [
  { method: 'GET', path: /^\/events$/ },
  { method: 'POST', path: /^\/containers\/[^/]+\/(wait|attach)$/ },
  { method: 'GET', path: /^\/containers\/[^/]+\/attach\/ws$/ },
  { method: 'GET', path: /^\/containers\/[^/]+\/logs$/, query: /(^|&)follow=(1|true)(&|$)/i },
  { method: 'GET', path: /^\/containers\/[^/]+\/stats$/, query: /^(?!(.*&)?stream=(0|false)(&|$))/i },
  { method: 'POST', path: /^\/exec\/[^/]+\/start$/ },
];

/**
 * Whether an answer stays open while other requests run, and depends on them: events, wait, followed logs, statistics,
 * attached streams. Its chunks are replayed in step with the other exchanges, and it may be requested at any time.
 */
export function isLive({ method, path }: { readonly method: string; readonly path: string }): boolean {
  const [resource = '', query = ''] = path.replace(/^\/v\d+\.\d+(?=\/)/, '').split('?', 2);
  return liveRequests.some(
    (live) =>
      live.method === method &&
      live.path.test(resource) &&
      (live.query === undefined || live.query.test(query)),
  );
}

import type { Difference } from './compare-json.js';
import type { Exchange, RecordedRequest } from './fixture.js';
import { compareRequests } from './matching.js';
import { TokenBindings } from './tokens.js';

const shownDifferences = 8;

/** The recorded exchange whose request is most similar; of equally similar ones, the first unused. */
export function nearest<Entry extends { readonly exchange: Exchange }>(
  entries: readonly Entry[],
  asked: RecordedRequest,
  bindings: TokenBindings,
  used: ReadonlySet<Entry>,
): { readonly entry: Entry; readonly differences: readonly Difference[] } | undefined {
  const [best] = entries
    .map((entry) => {
      const differences = compareRequests(entry.exchange.request, asked, new TokenBindings(bindings));
      const distance = differences.reduce(
        (sum, difference) => sum + weight(difference),
        used.has(entry) ? 0.5 : 0,
      );
      return { entry, differences: differences.slice(0, shownDifferences), distance };
    })
    .sort((a, b) => a.distance - b.distance);
  return best;
}

/** Requests with different paths are unrelated; requests with a different field in the body are similar. */
function weight({ where, recorded, asked }: Difference): number {
  if (where === 'method') {
    return 6;
  }
  if (where !== 'path') {
    return 1;
  }
  const before = recorded.split('/');
  const now = asked.split('/');
  const common = before.filter((segment, i) => segment === now[i]).length;
  return 4 * (Math.max(before.length, now.length) - common);
}

import type { Json } from './fixture.js';
import { matchText, TokenBindings } from './tokens.js';

/** One difference between a request and a recorded one. */
export interface Difference {
  /** `method`, `path`, `query.filters.label[0]`, `body.HostConfig.Memory`, … */
  readonly where: string;
  readonly recorded: string;
  readonly asked: string;
}

const shownLength = 200;

/** Formats a value for a message. */
export function show(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

/** All differences between two values, each at the deepest possible path. Binds the random names that match. */
export function compareJson(
  recorded: Json | undefined,
  asked: Json | undefined,
  where: string,
  bindings: TokenBindings,
): Difference[] {
  if (Array.isArray(recorded) && Array.isArray(asked)) {
    const indices = Array.from({ length: Math.max(recorded.length, asked.length) }, (_, i) => i);
    return indices.flatMap((i) => compareJson(recorded[i], asked[i], `${where}[${i}]`, bindings));
  }
  if (isObject(recorded) && isObject(asked)) {
    return compareObjects(recorded, asked, where, bindings);
  }
  const same =
    typeof recorded === 'string' && typeof asked === 'string'
      ? matchText(recorded, asked, bindings)
      : recorded === asked;
  return same ? [] : [{ where, recorded: show(recorded), asked: show(asked) }];
}

type JsonObject = Readonly<Record<string, Json>>;

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function compareObjects(
  recorded: JsonObject,
  asked: JsonObject,
  where: string,
  bindings: TokenBindings,
): Difference[] {
  const unpaired = new Set(Object.keys(asked));
  const differences = Object.entries(recorded).flatMap(([key, value]) => {
    const askedKey = unpaired.has(key) ? key : [...unpaired].find((other) => isSameKey(key, other, bindings));
    unpaired.delete(askedKey ?? key);
    return compareJson(
      value,
      askedKey === undefined ? undefined : asked[askedKey],
      `${where}.${key}`,
      bindings,
    );
  });
  return [
    ...differences,
    ...[...unpaired].flatMap((key) => compareJson(undefined, asked[key], `${where}.${key}`, bindings)),
  ];
}

/**
 * Names of networks and volumes are keys and may be random. The first comparison works on a copy of the bindings,
 * because a key that does not match must not bind a name.
 */
function isSameKey(recorded: string, asked: string, bindings: TokenBindings): boolean {
  return matchText(recorded, asked, new TokenBindings(bindings)) && matchText(recorded, asked, bindings);
}

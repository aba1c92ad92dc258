import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { ArchiveRefused, shown } from './archive-refused.js';

/**
 * Parses JSON that an engine may also read, and refuses text that the two would read differently. Engines are written
 * in Go: Go's decoder merges the values of a duplicate key, `JSON.parse` takes the last one. As in Go, half of a
 * surrogate pair becomes U+FFFD.
 *
 * @throws ArchiveRefused when the text is not JSON, has too many values, is nested too deep, has a number that is too
 * large, or an object has a key twice with different values.
 */
export function parseGoJson(path: string, text: string): unknown {
  if (hasTooManyValues(text))
    throw new ArchiveRefused(`holds ${shown(path)}, which has more than ${maxJsonValues} values in JSON`);
  const json = parsed(path, text);
  validateUnambiguous(path, text);
  return asGoDecodes(path, json);
}

/**
 * The maximum number of values in a JSON text, far above that of any image: a port of each number are 65535. A
 * validation needs about 1 KB of memory for each wrong value, and two bytes can be one.
 */
const maxJsonValues = 100_000;

/**
 * Whether a text has more values than any JSON text of an image. The text need not be valid. It counts commas: values
 * without one between them are nested, and {@link deepest} bounds those.
 */
export function hasTooManyValues(text: string): boolean {
  let values = 0;
  let isInString = false;
  for (let at = 0; at < text.length && values <= maxJsonValues; at += 1) {
    const character = text.charAt(at);
    if (character === '"') isInString = !isInString;
    else if (isInString) at += character === '\\' ? 1 : 0;
    else if (character === ',') values += 1;
  }
  return values > maxJsonValues;
}

/**
 * Whether a valid JSON text has a number with a fraction or an exponent. Go's decoder does not accept `1e1` or `10.0`
 * as an integer.
 */
export function hasFractions(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') at = endOfString(text, at);
    else if (character === '.' || (/[eE]/.test(character) && /\d/.test(text.charAt(at - 1)))) return true;
  }
  return false;
}

/**
 * The schema of a Go struct in JSON. Go's decoder accepts `labels` for `Labels`, so the schema refuses a key that
 * differs from a field's name only in letter case. The result omits all keys that are not in `shape`.
 *
 * @param shape - the fields that the driver reads.
 * @param others - the names of the struct's other fields.
 */
export function goStruct<T extends z.ZodRawShape>(
  shape: T,
  others: readonly string[] = [],
): z.ZodType<z.output<z.ZodObject<T>>> {
  const fields = fieldsOf([...Object.keys(shape), ...others]);
  return z
    .unknown()
    .superRefine((value, context) => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        const field = fields.get(folded(key)) ?? key;
        if (key !== field) context.addIssue(ambiguous(key, field));
      }
    })
    .pipe(z.object(shape));
}

/**
 * Like {@link goStruct}, but accepts a field's name in any letter case, as Go's decoder does. For files that are never
 * passed on: other readers may not accept it. Two spellings of one field with different values are refused.
 */
export function goStructInAnyCase<T extends z.ZodRawShape>(
  shape: T,
  others: readonly string[] = [],
): z.ZodType<z.output<z.ZodObject<T>>> {
  const fields = fieldsOf([...Object.keys(shape), ...others]);
  return z
    .unknown()
    .transform((value, context) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const read = new Map<string, unknown>();
      for (const [key, its] of Object.entries(value)) {
        const field = fields.get(folded(key)) ?? key;
        if (read.has(field) && !isDeepStrictEqual(read.get(field), its))
          context.addIssue(ambiguous(key, field));
        read.set(field, its);
      }
      return Object.fromEntries(read);
    })
    .pipe(z.object(shape));
}

/** The names of a struct's fields, by their folded spelling. */
function fieldsOf(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [folded(name), name]));
}

function ambiguous(key: string, field: string): { readonly code: 'custom'; readonly message: string } {
  return {
    code: 'custom',
    message: `the ambiguous field ${shown(key)}, which engines take for ${shown(field)}`,
  };
}

/**
 * Formats the first problems of an error in one line. The error itself is no cause to keep: it may hold as many
 * problems as an untrusted text has values, and keys of any length.
 */
export function why(error: z.ZodError): string {
  const most = 3;
  const longest = 200;
  return error.issues
    .slice(0, most)
    .map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.').slice(0, longest)}: ${message}`,
    )
    .join('; ');
}

/**
 * Folds a key as Go does when it matches field names: ASCII letters, the long s and the Kelvin sign (which
 * `toLowerCase` folds).
 */
function folded(key: string): string {
  return key.replaceAll('ſ', 's').toLowerCase();
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ArchiveRefused(`holds ${shown(path)}, which is not JSON`, cause);
  }
}

/**
 * The maximum nesting depth: far above that of any image, far below what engines read (10000) or a recursive function
 * can process.
 */
const deepest = 100;

/** An object or an array that encloses a position in a JSON text. */
interface Enclosing {
  /** The text of each value that the object has so far, by key; undefined for an array. */
  readonly values: Map<string, string> | undefined;
  /** The key of the current value. */
  key?: string | undefined;
  /** The offset at which the current value begins. */
  from: number;
}

/** Scans a text that is known to be valid JSON, because `JSON.parse` does not report duplicate keys. */
function validateUnambiguous(path: string, text: string): void {
  const enclosing: Enclosing[] = [];
  const endValue = (at: number): void => {
    const object = enclosing.at(-1);
    if (object?.values === undefined || object.key === undefined) return;
    const value = text.slice(object.from, at).trim();
    const before = object.values.get(object.key);
    if (before !== undefined && before !== value)
      throw new ArchiveRefused(
        `holds ${shown(path)}, which has the field ${shown(object.key)} twice, with different values`,
      );
    object.values.set(object.key, value);
    object.key = undefined;
  };
  for (let at = 0; at < text.length; at += 1) {
    const object = enclosing.at(-1);
    switch (text.charAt(at)) {
      case '"': {
        const end = endOfString(text, at);
        if (object?.values !== undefined && object.key === undefined)
          object.key = wellFormed(stringAt(text.slice(at, end + 1)));
        at = end;
        break;
      }
      case ':':
        if (object !== undefined) object.from = at + 1;
        break;
      case '{':
      case '[':
        if (enclosing.length === deepest)
          throw new ArchiveRefused(`holds ${shown(path)}, which is nested too deep`);
        enclosing.push({ values: text[at] === '{' ? new Map() : undefined, from: at + 1 });
        break;
      case ',':
        endValue(at);
        break;
      case '}':
      case ']':
        endValue(at);
        enclosing.pop();
        break;
    }
  }
}

/** @returns the offset of the closing quote. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at += 1) {
    if (text[at] === '"') return at;
    if (text[at] === '\\') at += 1;
  }
}

function stringAt(quoted: string): string {
  return quoted.includes('\\') ? z.string().parse(JSON.parse(quoted)) : quoted.slice(1, -1);
}

/** @throws ArchiveRefused when a number is too large. */
function asGoDecodes(path: string, value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ArchiveRefused(`holds ${shown(path)}, which has a number that is too large`);
  if (Array.isArray(value)) return value.map((each: unknown) => asGoDecodes(path, each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, its]) => [wellFormed(key), asGoDecodes(path, its)]),
  );
}

/** Encoding replaces each half of a surrogate pair by U+FFFD. */
function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString('utf8') : text;
}

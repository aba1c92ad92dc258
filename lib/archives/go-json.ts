import { z } from 'zod';
import { ArchiveRefused, shown } from './archive-refused.js';

/**
 * Parses JSON that an engine may also read, and refuses text that the two would read differently. Engines are written
 * in Go: Go's decoder merges the values of a duplicate key, `JSON.parse` takes the last one.
 *
 * @throws ArchiveRefused when the text is not JSON, is nested too deep, has a number that is too large, or an object
 * has a key twice with different values.
 */
export function parseJson(path: string, text: string): unknown {
  const json = parsed(path, text);
  mustBeUnambiguous(path, text);
  mustHaveFiniteNumbers(path, json);
  return json;
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
  const fields = new Map([...Object.keys(shape), ...others].map((name) => [folded(name), name]));
  return z
    .unknown()
    .superRefine((value, context) => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        const field = fields.get(folded(key));
        if (field !== undefined && key !== field)
          context.addIssue({
            code: 'custom',
            message: `the ambiguous field ${shown(key)}, which engines take for ${shown(field)}`,
          });
      }
    })
    .pipe(z.object(shape));
}

/** Formats the first problems of an error in one line. */
export function why(error: z.ZodError): string {
  const most = 3;
  return error.issues
    .slice(0, most)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
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
function mustBeUnambiguous(path: string, text: string): void {
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
          object.key = stringAt(text.slice(at, end + 1));
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

function mustHaveFiniteNumbers(path: string, value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ArchiveRefused(`holds ${shown(path)}, which has a number that is too large`);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) mustHaveFiniteNumbers(path, inner);
}

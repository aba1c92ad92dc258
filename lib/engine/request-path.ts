import type { PathIdentifier } from './schemas/identifiers.js';

declare const kind: unique symbol;

/** A request's path without the API version. Created by {@link path} only. */
export type RequestPath = string & { readonly [kind]: 'path' };

/**
 * Every segment begins with a letter, a digit or `_`. None can be `.` or `..`, which URL parsers resolve, or contain
 * `%`, `?` or `#`. The types already guarantee this; the check also protects against untyped callers.
 */
const pathPattern = /^(?:\/[a-zA-Z0-9_][a-zA-Z0-9_.:@-]*)+$/;

const isRequestPath = (text: string): text is RequestPath => pathPattern.test(text);

/**
 * Builds a request's path from literals and validated identifiers. The types reject an unvalidated name.
 *
 * @throws TypeError when the result is not a valid path.
 * @example path`/containers/${container}/json`
 */
export function path(fixed: TemplateStringsArray, ...identifiers: PathIdentifier[]): RequestPath {
  const text = String.raw({ raw: fixed }, ...identifiers);
  if (!isRequestPath(text)) throw new TypeError(`${JSON.stringify(text)} is not a request's path`);
  return text;
}

import type { PathIdentifier } from './schemas/identifiers.js';

declare const kind: unique symbol;

/** A request's path without the API version, made by {@link path} only. */
export type RequestPath = string & { readonly [kind]: 'path' };

/**
 * Every segment begins with a letter, a digit or `_`, so none is `.` or `..`, which URL parsers resolve, and none holds
 * a `%`, a `?` or a `#`. The types alone promise this; the check holds even against a caller without a compiler.
 */
const pathPattern = /^(?:\/[a-zA-Z0-9_][a-zA-Z0-9_.:@-]*)+$/;

const isRequestPath = (text: string): text is RequestPath => pathPattern.test(text);

/**
 * Builds a request's path from fixed text and checked identifiers. No request can be made from an unchecked name.
 *
 * @example path`/containers/${container}/json`
 */
export function path(fixed: TemplateStringsArray, ...identifiers: PathIdentifier[]): RequestPath {
  const text = String.raw({ raw: fixed }, ...identifiers);
  if (!isRequestPath(text)) throw new TypeError(`${JSON.stringify(text)} is not a request's path`);
  return text;
}

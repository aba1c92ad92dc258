/**
 * Parses untrusted JSON without throwing. The parser's error would quote the text, which may be secret.
 *
 * @returns undefined when the text is missing or malformed.
 */
export function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/**
 * What a text of somebody else's holds; undefined when it is not JSON. Its content, which may be secret, gets into no
 * error.
 */
export function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

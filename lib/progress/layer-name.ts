const maxLength = 80;

/**
 * The name of a layer that is a file of an archive, safe to print on a terminal: the archive may be untrusted.
 *
 * @param path - of the layer's file in the archive.
 * @returns the digest if the path contains it, as in the OCI layout (the archive's claim, not verified); else the path
 * in printable ASCII, at most 80 characters.
 */
export function layerName(path: string): string {
  const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (digest !== undefined) return `sha256:${digest}`;
  return path.slice(0, maxLength).replace(/[^ -~]/g, '?');
}

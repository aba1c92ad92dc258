const longest = 80;

/**
 * What a layer is called that is a file of an archive. The archive may be anybody's, and what it calls a file may be
 * shown on a terminal.
 *
 * @param path - the file's. Where that is the name of a digest, as in the OCI layout, it is the digest that the archive
 * says the layer has.
 */
export function layerName(path: string): string {
  const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (digest !== undefined) return `sha256:${digest}`;
  return path.slice(0, longest).replace(/[^ -~]/g, '?');
}

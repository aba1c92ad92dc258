/**
 * An image's archive cannot be read in parts: it is compressed, its index is wrong, the image service does not give the
 * ranges that it is asked for. Inside this folder only: the whole archive is read instead, and whatever is wrong with
 * it is told then.
 */
export class IndexUnusable extends Error {
  override readonly name = 'IndexUnusable';
}

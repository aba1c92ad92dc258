/** A file that is not the image's data, or cannot be read. */
export class SharedFileUnusable extends Error {
  override readonly name = 'SharedFileUnusable';
}

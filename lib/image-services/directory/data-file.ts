import { ImageQuotaExceeded } from '../../../interfaces/index.js';
import { Digest, type Incoming } from '../shared/index.js';
import { createFile } from './files.js';

/**
 * Writes the incoming data to a new file and flushes it to disk. After a failure the file remains.
 *
 * @param limit - maximum size in bytes.
 * @returns the digest of the data.
 * @throws ImageQuotaExceeded when the data is larger than the limit. Errors of the incoming data and of the file system
 * are passed on.
 */
export async function writeData(path: string, incoming: Incoming, limit: number): Promise<Digest> {
  const digest = new Digest(['sha512', 'md5']);
  const handle = await createFile(path);
  try {
    for (let bytes = await incoming.next(); bytes !== undefined; bytes = await incoming.next()) {
      digest.update(bytes);
      if (digest.size > limit)
        throw new ImageQuotaExceeded(`The image is larger than the ${limit} bytes allowed.`);
      await handle.writeFile(bytes);
    }
    await handle.sync();
    return digest;
  } finally {
    await handle.close();
  }
}

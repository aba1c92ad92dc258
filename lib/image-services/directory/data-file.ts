import { ImageQuotaExceeded } from '../../../interfaces/index.js';
import { Digest, type Incoming } from '../shared/index.js';
import { createFile } from './files.js';

/**
 * Writes what comes in to a new file, and returns when it is on the disk.
 *
 * @param limit - bytes it may have.
 * @throws ImageQuotaExceeded beyond the limit; whatever the incoming data or the file system fails with. The file
 * stays.
 */
export async function writeData(path: string, incoming: Incoming, limit: number): Promise<Digest> {
  const digest = new Digest(['sha512', 'md5']);
  const handle = await createFile(path);
  try {
    for (let bytes = await incoming.next(); bytes !== undefined; bytes = await incoming.next()) {
      digest.update(bytes);
      if (digest.size > limit) throw new ImageQuotaExceeded(`An image may have ${limit} bytes.`);
      await handle.writeFile(bytes);
    }
    await handle.sync();
    return digest;
  } finally {
    await handle.close();
  }
}

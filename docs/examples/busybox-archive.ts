import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { readAll } from '../../lib/streams/index.js';

/**
 * Makes an image archive as `docker save` writes it: a layer, a configuration that lists the layers, and a manifest that names both.
 *
 * @param path - a static busybox.
 */
export async function busyboxArchive(path = process.env['BUSYBOX'] ?? '/bin/busybox'): Promise<Readable> {
  const layer = pack();
  layer.entry({ name: 'bin', type: 'directory' });
  layer.entry({ name: 'etc', type: 'directory' });
  layer.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(path));
  for (const applet of ['sh', 'cat', 'date', 'echo', 'env', 'hostname', 'ls', 'sleep'])
    layer.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  layer.finalize();
  const layerTar = await readAll(layer, 64e6);

  const configuration = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layerTar).digest('hex')}`] },
  });
  const archive = pack();
  archive.entry({ name: 'layer.tar' }, layerTar);
  archive.entry({ name: 'config.json' }, configuration);
  archive.entry(
    { name: 'manifest.json' },
    JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: ['layer.tar'] }]),
  );
  archive.finalize();
  return Readable.from(archive);
}

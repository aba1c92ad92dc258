import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buildImageArchive, type ImageArchiveOptions, type LayerFile } from './archives.js';

/** The program of the Debian package busybox-static, which needs no other file. */
const busybox = '/bin/busybox';

const commands =
  'sh cat cp cut date dd echo env false find free grep head hostname id ifconfig ip kill ls mkdir mount mv nc nslookup ping ' +
  'ps pwd rm route sed seq sleep sort stat stty su tail tar test touch true tty uname wc wget yes';

/** The files of a system with a shell: busybox under the names of its commands, and the accounts. */
export async function busyboxFiles(): Promise<LayerFile[]> {
  return [
    { path: 'bin/busybox', content: await readFile(busybox) },
    ...commands.split(' ').map((command) => ({ path: `bin/${command}`, target: 'busybox' })),
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\n', mode: 0o644 },
    { path: 'etc/group', content: 'root:x:0:\n', mode: 0o644 },
    { path: 'etc/shadow', content: 'root:*:20000:0:99999:7:::\n', mode: 0o600 },
  ];
}

/**
 * An archive of an image with busybox, as a stream for an image service. Each image is different, so that
 * tests do not share one in the engine.
 *
 * @param options - `command`: the command of its containers.
 */
export async function busyboxImage(
  options: ImageArchiveOptions & { readonly command: readonly string[] },
): Promise<Readable> {
  const { command, layers = [], config, ...rest } = options;
  const archive = await buildImageArchive({
    ...rest,
    layers: [await busyboxFiles(), [{ path: 'etc/image', content: randomUUID() }], ...layers],
    config: { Cmd: command, ...config },
  });
  return Readable.from([archive], { objectMode: false });
}

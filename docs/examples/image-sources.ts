/**
 * Builds an image from a Dockerfile, pushes it to a registry and pulls it back, digest and all. In a program of your own, import from 'nova-docker-driver'.
 *
 * usage: image-sources.ts FOLDER REGISTRY/REPOSITORY:TAG
 * REGISTRY_USERNAME and REGISTRY_PASSWORD are the credentials, if the registry needs any. The engine is that of DOCKER_HOST.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryImageService, ImageTemplates, RegistryExchange } from '../../lib/index.js';
import { progressBar } from './progress-bar.js';

const [folder, reference] = process.argv.slice(2);
if (folder === undefined || reference === undefined) {
  console.error('usage: image-sources.ts FOLDER REGISTRY/REPOSITORY:TAG');
  process.exit(2);
}
const { REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password } = process.env;
const access =
  username === undefined || password === undefined ? {} : { credentials: { username, password } };

const directory = await mkdtemp(join(tmpdir(), 'image-sources-'));
const imageService = new DirectoryImageService({ directory });
const templates = new ImageTemplates({ imageService, host: 'node-1' });
const exchange = new RegistryExchange({ imageService });
const context = {};
const onProgress = progressBar();
try {
  const built = await templates.register(
    context,
    { type: 'dockerfile', context: { folder } },
    { name: 'built' },
    { onProgress },
  );
  const pushed = await exchange.push(context, built.id, reference, { ...access, onProgress });
  console.log(`\n${reference} is ${pushed.digest}`);
  const pulled = await exchange.pull(
    context,
    pushed.reference,
    { name: 'pulled' },
    { ...access, onProgress },
  );
  console.log(
    `\nimage ${pulled.id} is ${pulled.status}, its manifest ${pulled.properties['registry_digest'] ?? ''}`,
  );
} finally {
  templates.close();
  exchange.close();
  await rm(directory, { recursive: true });
}

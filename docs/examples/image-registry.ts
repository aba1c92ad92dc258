/**
 * Serves the images of a folder as a registry: docker push stores an image in it. In a program of your own, import from 'nova-docker-driver'.
 *
 * usage: image-registry.ts FOLDER [PORT]
 * REGISTRY_USERNAME and REGISTRY_PASSWORD are the credentials for docker login. Ends with Ctrl+C.
 */
import { once } from 'node:events';
import { DirectoryImageService, ImageRegistry, StaticAccounts } from '../../lib/index.js';

const [directory, port = '5042'] = process.argv.slice(2);
const { REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password } = process.env;
if (directory === undefined || username === undefined || password === undefined) {
  console.error('usage: REGISTRY_USERNAME=… REGISTRY_PASSWORD=… image-registry.ts FOLDER [PORT]');
  process.exit(2);
}

const imageService = new DirectoryImageService({ directory });
const context = { user_id: username, project_id: 'demo' };
const registry = new ImageRegistry({
  imageService,
  accounts: new StaticAccounts([{ username, password, context }]),
  port: Number(port),
  logger: console,
});
const address = await registry.start();
console.log(`docker login ${address}, then docker push ${address}/NAME`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await registry.close();

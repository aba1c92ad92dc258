// A real Docker registry, with and without authentication. Both have the same images.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from './debian.mjs';
import { freePort } from './free-port.mjs';
import { born, end, processesOf, startDaemon } from './processes.mjs';
import { stateFolder } from './state-folder.mjs';

/** The account of the private registry, for tests only. Its hash is bcrypt with the fewest rounds. */
const user = { username: 'tester', password: 'open sesame' };
const htpasswd = `${user.username}:$2b$05$yjTpq0VUv7oq86l5AYecwOXhz5IM.u5K0nD6MfGvIvaCfofxxepVO\n`;

const configuration = (folder, port, isPrivate) => ({
  version: 0.1,
  log: { level: 'warn' },
  storage: { filesystem: { rootdirectory: join(folder, 'images') }, delete: { enabled: true } },
  http: { addr: `127.0.0.1:${port}` },
  ...(isPrivate ? { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } } : {}),
});

/**
 * Starts a registry on free ports of this machine, which ends with this process.
 *
 * @returns the settings that tests need, as environment variables; `serve`, which provides the registry at
 * the same addresses in a private engine's network, again after each restart; `stop`.
 */
export async function startRegistry() {
  await installPackages('docker-registry', 'util-linux');
  const { folder, remove } = await stateFolder('nova-registry-', endRegistry);
  writeFileSync(join(folder, 'htpasswd'), htpasswd);
  const servers = [];
  for (const name of ['open', 'private']) {
    const file = join(folder, `${name}.json`);
    const port = await freePort();
    // The file is YAML, of which JSON is a subset.
    writeFileSync(file, JSON.stringify(configuration(folder, port, name === 'private')));
    servers.push({ name, file, port });
  }
  const log = join(folder, 'log');
  const launch = (command, args) => startDaemon(command, args, { log });
  for (const { file, port } of servers)
    await answering(launch('docker-registry', ['serve', file]), port, log);
  return {
    env: {
      REGISTRY: `127.0.0.1:${servers[0].port}`,
      PRIVATE_REGISTRY: `127.0.0.1:${servers[1].port}`,
      REGISTRY_USERNAME: user.username,
      REGISTRY_PASSWORD: user.password,
    },
    serve: async (engine) => {
      const network = [`--net=/proc/${engine.pid()}/ns/net`, '--'];
      for (const { file, port } of servers)
        await listening(launch('nsenter', [...network, 'docker-registry', 'serve', file]), port, log);
    },
    stop: remove,
  };
}

/** Waits until a registry answers. */
async function answering(server, port, log) {
  for (const limit = Date.now() + 30_000; ; await sleep(50)) {
    try {
      const asking = request({
        host: '127.0.0.1',
        port,
        path: '/v2/',
        signal: AbortSignal.timeout(2000),
      }).end();
      const [answer] = await once(asking, 'response');
      answer.resume();
      return;
    } catch {
      mustLive(server, log, limit);
    }
  }
}

/** Waits for a registry in another network namespace: its socket table shows the port that it listens on. */
async function listening(server, port, log) {
  const listens = new RegExp(
    `^ *\\d+: \\w+:${port.toString(16).toUpperCase().padStart(4, '0')} \\w+:0000 0A `,
    'm',
  );
  const isThere = () => {
    try {
      return listens.test(readFileSync(`/proc/${server.pid}/net/tcp`, 'utf8'));
    } catch {
      return false;
    }
  };
  for (const limit = Date.now() + 30_000; !isThere(); await sleep(50)) mustLive(server, log, limit);
}

function mustLive(server, log, limit) {
  if (Date.now() <= limit && born(server.pid) !== undefined) return;
  throw new Error(`the registry did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

async function endRegistry(folder) {
  for (const pid of processesOf(folder, ['docker-registry', 'nsenter'])) await end(pid, { patience: 5000 });
  rmSync(join(folder, 'images'), { recursive: true, force: true });
}

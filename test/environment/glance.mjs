// A real Glance, with and without a real Keystone, on free ports of this machine.
import { fileURLToPath } from 'node:url';
import { installPackages } from './debian.mjs';
import { freePort } from './free-port.mjs';
import { run, runInCleanup } from './processes.mjs';
import { stateFolder } from './state-folder.mjs';

const script = fileURLToPath(new URL('glance-up.sh', import.meta.url));

async function start(mode) {
  const { folder } = await stateFolder(`nova-glance-${mode}-`, (state) =>
    runInCleanup(script, [state, 'stop']),
  );
  const env = {
    ...process.env,
    GLANCE_UP_NO_INSTALL: '1',
    GLANCE_PORT: await freePort(),
    KEYSTONE_PORT: await freePort(),
  };
  const output = await run(script, [folder, mode], { env });
  const lines = output.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Starts both. Returns the settings that tests need, as environment variables. */
export async function startGlance() {
  await installPackages('python3-glance', 'python3-keystone', 'uwsgi-core', 'uwsgi-plugin-python3', 'curl');
  const [noauth, keystone] = await Promise.all([start('noauth'), start('keystone')]);
  return {
    GLANCE_NOAUTH_ENDPOINT: noauth.GLANCE_ENDPOINT,
    GLANCE_MEMBER_TOKEN: noauth.MEMBER_TOKEN,
    GLANCE_OTHER_TOKEN: noauth.OTHER_TOKEN,
    GLANCE_ADMIN_TOKEN: noauth.ADMIN_TOKEN,
    ...keystone,
    GLANCE_KEYSTONE_ENDPOINT: keystone.GLANCE_ENDPOINT,
  };
}

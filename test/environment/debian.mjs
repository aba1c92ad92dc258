// Packages of Debian and Ubuntu: installs them, or unpacks those of a later suite beside them.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run, whenDone } from './processes.mjs';

/** Whether packages can be installed here: as root, on Debian or Ubuntu. */
export function canInstall() {
  return process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get');
}

const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const apt = (...args) =>
  run('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=600', ...args], { env: environment });

async function isInstalled(name) {
  try {
    return (await run('dpkg-query', ['-W', '-f', '${Status}', name])) === 'install ok installed';
  } catch {
    return false;
  }
}

let installing = Promise.resolve();

/**
 * Installs missing packages. Reads no package lists if all are installed. Runs one call at a time, since
 * apt does not wait for all of its locks.
 */
export function installPackages(...names) {
  const turn = installing.then(() => installMissing(names));
  installing = turn.catch(() => undefined);
  return turn;
}

async function installMissing(names) {
  const missing = [];
  for (const name of names) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(' ')} …`);
  const install = () => apt('install', '--no-install-recommends', ...missing);
  await install().catch(async () => {
    await apt('update');
    await install();
  });
}

/** Where unpacked packages are kept between runs. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nova-docker-driver');

/** Thrown if this machine cannot provide a component. The tests that need it are skipped. */
export class Unavailable extends Error {}

/**
 * The archive that the Debian of this machine comes from, as apt reports it, which alone reads every
 * format of its sources. May be a list of mirrors (mirror+file:…), as on Debian's cloud images.
 */
async function ownArchive() {
  const system = readFileSync('/etc/os-release', 'utf8');
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(system)?.[1] ?? 'stable';
  const addresses = await run('apt-get', ['update', '--print-uris']);
  const address = new RegExp(`^'(\\S+)/dists/(?:${suite}|stable)/`, 'm').exec(addresses)?.[1];
  if (!/^ID=debian$/m.test(system) || address === undefined)
    throw new Unavailable('no archive of Debian is among the package sources of this machine');
  return address;
}

/**
 * Unpacks packages of a later Debian suite into a folder, once. Does not change the packages and lists
 * of the machine. Runs one call at a time.
 */
export function unpackFromSuite(suite, ...names) {
  const folder = join(cache, `${suite}-${names.join('-')}`);
  const turn = unpacking.then(() => unpackMissing(folder, suite, names));
  unpacking = turn.catch(() => undefined);
  return turn;
}

let unpacking = Promise.resolve();

async function unpackMissing(folder, suite, names) {
  if (existsSync(folder)) return folder;
  const address = await ownArchive();
  console.log(`unpacking ${names.join(' ')} of Debian ${suite} …`);
  const work = `${folder}.${process.pid}`;
  whenDone(async () => rmSync(work, { recursive: true, force: true }));
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  mkdirSync(join(work, 'root'));
  try {
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keys}] ${address} ${suite} main\n`);
    const options = [
      ...['-o', `Dir::Etc::sourcelist=${work}/sources.list`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
      ...[
        '-o',
        `Dir::State::lists=${work}/lists`,
        '-o',
        `Dir::Cache=${work}/cache`,
        '-o',
        'APT::Sandbox::User=root',
      ],
    ];
    await run('apt-get', [...options, 'update'], { env: environment });
    await run('apt-get', [...options, 'download', ...names], { env: environment, cwd: work });
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb')))
      await run('dpkg', ['-x', join(work, file), join(work, 'root')]);
    // Another run may have unpacked the packages meanwhile.
    if (!existsSync(folder)) renameSync(join(work, 'root'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

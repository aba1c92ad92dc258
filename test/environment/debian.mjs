// What a Debian or Ubuntu gives: packages installed, and packages of a later suite unpacked beside them.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './processes.mjs';

/** Whether packages can be installed here: root, on a Debian or Ubuntu. */
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

/** Installs what is missing of some packages; nothing of the machine's package lists is asked when all are there. */
export async function installPackages(...names) {
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

/** Where what was unpacked is kept from one run to the next. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nova-docker-driver');

/** The address of the archive that the machine's own Debian comes from, and the key that signs it. */
function ownArchive() {
  const parts = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  for (const file of files.filter((name) => existsSync(name))) {
    const text = readFileSync(file, 'utf8');
    const address =
      /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian\/?)\s/m.exec(text)?.[1] ??
      /^URIs:\s*(\S+\/debian\/?)\s*$/m.exec(text)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('no Debian archive among the sources of this machine: a later suite cannot be had');
}

/**
 * Unpacks packages of a later Debian suite into a folder, and leaves the machine's own packages and lists alone. Done once; the folder
 * is kept.
 */
export async function unpackFromSuite(suite, ...names) {
  const folder = join(cache, `${suite}-${names.join('-')}`);
  if (existsSync(folder)) return folder;
  const address = ownArchive();
  console.log(`unpacking ${names.join(' ')} of Debian ${suite} …`);
  const work = `${folder}.${process.pid}`;
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
    renameSync(join(work, 'root'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

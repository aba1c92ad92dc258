/**
 * An instance's life: boots it from an image in a folder, prints its state and console, reboots it, takes a snapshot, boots a second
 * instance from the snapshot, and destroys both. `npm run demo` runs it. In a program of your own, import from 'nova-docker-driver'.
 *
 * DOCKER_HOST      the engine; default: unix:///var/run/docker.sock
 * NOVA_IMAGES_DIR  the folder of images; default: a temporary one
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../../lib/index.js';
import { DirectoryImageService, DockerDriver, reboot_type } from '../../lib/index.js';
import { busyboxArchive } from './busybox-archive.js';
import { forgetImages } from './forget-images.js';
import { progressBar } from './progress-bar.js';
import { printInstances } from './table.js';

const context = { user_id: 'demo', project_id: 'demo' };
const directory = process.env['NOVA_IMAGES_DIR'] ?? join(tmpdir(), `nova-images-${randomUUID()}`);
const imageService = new DirectoryImageService({ directory });
const driver = new DockerDriver({ imageService });

function newInstance(name: string): Instance {
  return {
    uuid: randomUUID(),
    name: `instance-${name}`,
    display_name: name,
    hostname: name,
    metadata: { greeting: 'hello' },
    flavor: { name: 'm1.nano', memory_mb: 64, vcpus: 1, root_gb: 1 },
  };
}

async function consoleOf(instance: Instance, expected: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const output = await driver.get_console_output(context, instance);
    if (output.includes(expected)) return output.trimEnd();
    await sleep(50, undefined, { signal });
  }
  throw new Error(`${instance.name} did not print ${expected} in time`);
}

// Ctrl-C, or an output that is closed, aborts the verb under way, which rolls back. The instances are destroyed below.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    interrupted.abort(new Error(name));
  });
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    interrupted.abort(error);
  });
const { signal } = interrupted;

const booted: Instance[] = [];
const images: string[] = [];
await driver.init_host('node-1', { signal });
try {
  const { vcpus, memory_mb } = await driver.get_available_resource('node-1');
  console.log(`node-1: ${vcpus} CPUs, ${memory_mb} MiB`);

  const image = await imageService.create(
    context,
    { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
    await busyboxArchive(),
  );
  images.push(image.id);
  console.log(
    `\nImage ${image.id}: ${String(image.size)} bytes, sha512 ${image.os_hash_value?.slice(0, 16) ?? ''}…`,
  );

  console.log('\nspawn');
  const first = newInstance('first');
  booted.push(first);
  await driver.spawn(
    context,
    first,
    {
      id: image.id,
      properties: {
        os_command_line: `sh -c 'echo "$greeting from $(hostname)"; date +%s > /written; cat /etc/motd; exec sleep 1000'`,
      },
    },
    { injected_files: [['/etc/motd', 'This file was injected.\n']], onProgress: progressBar(), signal },
  );
  console.log();
  await printInstances(driver, booted);
  console.log(`\nget_console_output\n${await consoleOf(first, 'injected')}`);

  signal.throwIfAborted();
  console.log('\nreboot');
  const { started_at } = await driver.get_info(first);
  await driver.reboot(context, first, [], reboot_type.HARD);
  console.log(`  started ${started_at ?? ''}\n  again   ${(await driver.get_info(first)).started_at ?? ''}`);

  console.log('\nsnapshot');
  const snapshot = await imageService.create(context, { name: 'first-snapshot' });
  images.push(snapshot.id);
  await driver.snapshot(
    context,
    first,
    snapshot.id,
    ({ task_state }) => {
      console.log(`  ${task_state}`);
      return Promise.resolve();
    },
    { signal },
  );
  console.log(`  ${snapshot.id} is ${(await imageService.show(context, snapshot.id)).status}`);

  signal.throwIfAborted();
  console.log('\nspawn from the snapshot');
  const second = newInstance('second');
  booted.push(second);
  await driver.spawn(
    context,
    second,
    {
      id: snapshot.id,
      properties: {
        os_command_line: `sh -c 'echo "found what the first wrote: $(cat /written)"; exec sleep 1000'`,
      },
    },
    { signal },
  );
  await printInstances(driver, booted);
  console.log(await consoleOf(second, 'found what'));
} catch (error) {
  if (!signal.aborted) throw error;
  console.log('\ninterrupted');
} finally {
  console.log('\ndestroy');
  for (const instance of booted) await driver.destroy(context, instance, []);
  console.log(`  instances left: ${(await driver.list_instances()).length}`);
  await driver.cleanup_host('node-1');
  await forgetImages(images);
  for (const id of images) await imageService.delete(context, id);
  if (process.env['NOVA_IMAGES_DIR'] === undefined) await rm(directory, { recursive: true, force: true });
}

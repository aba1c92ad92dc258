import { describe, expect, it } from '@jest/globals';
import { InvalidInput, NovaException } from '../../../interfaces/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { context, newFlavor, newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';

/** What callers give whose compiler has not looked. */
const odd: readonly unknown[] = [undefined, null, 7, 'x', {}];

/** One argument: one that is sound, and those of the odd ones that are, too. */
interface Place {
  readonly sound: unknown;
  readonly takes: readonly unknown[];
}

const object = odd[4];
const of = (sound: unknown, ...takes: readonly unknown[]): Place => ({ sound, takes });
/** Nothing of it is read by this driver. */
const unread = of({}, ...odd);
const whoever = of(context, ...odd);
const instance = of(newInstance());
const instances = of([newInstance()]);
const image = of(newImageMeta('any'));
const flavor = of(newFlavor());
const vif = of(new TestNetwork().port(7)[0]);
const ports = of([], undefined, null);
const name = of('a-name', 'x');
const seconds = of(30, 7);
const options = of({}, undefined, object);
const callable = of(() => Promise.resolve());
const tree = of({ data: () => undefined, update_inventory: () => undefined, add_traits: () => undefined });

/** What each verb takes; those that are not here take what every other does: nothing that they read. */
const verbs: Readonly<Record<string, readonly Place[]>> = {
  init_host: [name, options],
  get_available_nodes: [options],
  node_is_available: [unread, options],
  get_available_resource: [name, options],
  update_provider_tree: [tree, name, options],
  get_num_instances: [options],
  list_instances: [options],
  list_instance_uuids: [options],
  get_info: [instance, options],
  instance_exists: [instance, options],
  instance_on_disk: [instance, options],
  delete_instance_files: [instance, options],
  spawn: [whoever, instance, image, options],
  rebuild: [whoever, instance, image, options],
  failed_spawn_cleanup: [instance, options],
  destroy: [whoever, instance, ports, options],
  cleanup: [whoever, instance, ports, options],
  soft_delete: [instance, options],
  restore: [instance, options],
  set_admin_password: [instance, name, options],
  power_on: [whoever, instance, ports, options],
  power_off: [instance, options],
  reboot: [whoever, instance, ports, of('HARD'), options],
  poll_rebooting_instances: [seconds, instances, options],
  pause: [instance, options],
  unpause: [instance, options],
  suspend: [whoever, instance, options],
  resume: [whoever, instance, ports, options],
  resume_state_on_host_boot: [whoever, instance, ports, options],
  trigger_crash_dump: [instance, options],
  rescue: [whoever, instance, ports, image, options],
  unrescue: [whoever, instance, options],
  snapshot: [whoever, instance, name, callable, options],
  cache_image: [whoever, name, options],
  manage_image_cache: [whoever, instances, options],
  plug_vifs: [instance, ports, options],
  unplug_vifs: [instance, ports, options],
  attach_interface: [whoever, instance, unread, vif, options],
  detach_interface: [whoever, instance, vif, options],
  network_binding_host_id: [whoever, of(newInstance(), object)],
  attach_volume: [whoever, unread, instance, name, options],
  detach_volume: [whoever, unread, instance, name, options],
  get_instance_disk_info: [instance, options],
  get_console_output: [whoever, instance, options],
  get_serial_console: [whoever, instance, options],
  get_diagnostics: [instance, options],
  get_instance_diagnostics: [instance, options],
  migrate_disk_and_power_off: [whoever, instance, name, flavor, ports, options],
  finish_migration: [
    ...[whoever, unread, instance],
    of(null, undefined, null, 'x'),
    ...[ports, image, options],
  ],
  confirm_migration: [whoever, unread, instance, ports, options],
  finish_revert_migration: [whoever, instance, ports, unread, options],
  check_instance_shared_storage_local: [whoever, unread, options],
  check_instance_shared_storage_remote: [whoever, of({}, object), options],
};

const driver = new DockerDriver({ engine: 'unix:///nowhere' });

/** Nova's whole interface, as the driver has it. */
const all = new Set<string>();
for (
  let each: unknown = Object.getPrototypeOf(driver);
  each instanceof Object && each !== Object.prototype;
  each = Object.getPrototypeOf(each)
)
  for (const key of Object.getOwnPropertyNames(each)) if (key !== 'constructor') all.add(key);

/** What a call rejects with. What is thrown at once is a mistake of the driver, whatever it is. */
async function failureOf(verb: string, args: readonly unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(driver, verb);
  if (typeof method !== 'function') throw new TypeError(`${verb} is no verb`);
  const call: unknown = Reflect.apply(method, driver, args);
  return await Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const most = 7;

describe.each([...all])('%s', (verb) => {
  const places = verbs[verb] ?? [];
  const failureWith = (given: unknown, at: number): Promise<unknown> =>
    failureOf(
      verb,
      places.map(({ sound }, index) => (index === at ? given : sound)),
    );

  it('fails with an exception of Nova, whatever it is given everywhere', async () => {
    for (const wrong of odd) {
      const failure = await failureOf(verb, Array(most).fill(wrong));
      if (failure !== undefined) expect(failure).toBeInstanceOf(NovaException);
    }
  });

  it('refuses what it cannot use, and nothing else, in whatever place', async () => {
    const told: [number, unknown, boolean][] = [];
    const expected: typeof told = [];
    for (const [at, { takes }] of places.entries())
      for (const given of odd) {
        expected.push([at, given, !takes.includes(given)]);
        told.push([at, given, (await failureWith(given, at)) instanceof InvalidInput]);
      }
    expect(told).toEqual(expected);
  });
});

describe('rebuild', () => {
  it.each(['detach_block_devices', 'attach_block_devices'])(
    'calls nothing but functions as %s',
    async (what) => {
      for (const wrong of [null, 7, 'x', {}])
        expect(
          await failureOf('rebuild', [context, newInstance(), newImageMeta('any'), { [what]: wrong }]),
        ).toBeInstanceOf(InvalidInput);
    },
  );
});

describe('the options of a verb', () => {
  it.each([{ signal: 'x' }, { signal: {} }, { onProgress: 'x' }])('are not %j', async (wrong) => {
    expect(await failureOf('cache_image', [context, 'an-image', wrong])).toBeInstanceOf(InvalidInput);
    expect(await failureOf('pause', [newInstance(), wrong])).toBeInstanceOf(InvalidInput);
    expect(await failureOf('init_host', ['host', wrong])).toBeInstanceOf(InvalidInput);
  });
});

import { describe, expect, it } from '@jest/globals';
import { InvalidInput, NovaException } from '../../../interfaces/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { context, newFlavor, newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import { answeredByNova, leftToDrivers } from '../../support/nova-verbs.js';

/** Values that JavaScript may pass for any argument. */
const odd: readonly unknown[] = [undefined, null, 7, 'x', {}];

/** The rule of one argument: a value that is valid, and those of the odd values that are valid, too. */
interface Rule {
  readonly name: string;
  readonly sound: unknown;
  readonly takes: readonly unknown[];
}

const object = odd[4];
const rule = (name: string, sound: unknown, ...takes: readonly unknown[]): Rule => ({ name, sound, takes });
const unread = rule('anything, because this driver does not read it', {}, ...odd);
const anyContext = rule('any context', context, ...odd);
const instance = rule('an instance', newInstance());
const instances = rule('a list of instances', [newInstance()]);
const hostOfInstance = rule('an object with or without a host', newInstance(), object);
const image = rule('the metadata of an image', newImageMeta('any'));
const flavor = rule('a flavor', newFlavor());
const vif = rule('an interface', new TestNetwork().port(7)[0]);
const ports = rule('a list of interfaces, or none', [], undefined, null);
const name = rule('text', 'a-name', 'x');
const optionalText = rule('text, or none', null, undefined, null, 'x');
const seconds = rule('a number', 30, 7);
const rebootType = rule('HARD or SOFT', 'HARD');
const data = rule('an object', {}, object);
const options = rule('an object of options, or none', {}, undefined, object);
const callable = rule('a function', () => Promise.resolve());
const tree = rule('a provider tree', {
  data: () => undefined,
  update_inventory: () => undefined,
  add_traits: () => undefined,
});

/** The rules of each verb's arguments, in their order. A verb that is missing here reads none of its arguments. */
const verbs: Readonly<Record<string, readonly Rule[]>> = {
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
  spawn: [anyContext, instance, image, options],
  rebuild: [anyContext, instance, image, options],
  failed_spawn_cleanup: [instance, options],
  destroy: [anyContext, instance, ports, options],
  cleanup: [anyContext, instance, ports, options],
  soft_delete: [instance, options],
  restore: [instance, options],
  set_admin_password: [instance, name, options],
  power_on: [anyContext, instance, ports, options],
  power_off: [instance, options],
  reboot: [anyContext, instance, ports, rebootType, options],
  poll_rebooting_instances: [seconds, instances, options],
  pause: [instance, options],
  unpause: [instance, options],
  suspend: [anyContext, instance, options],
  resume: [anyContext, instance, ports, options],
  resume_state_on_host_boot: [anyContext, instance, ports, options],
  trigger_crash_dump: [instance, options],
  rescue: [anyContext, instance, ports, image, options],
  unrescue: [anyContext, instance, options],
  snapshot: [anyContext, instance, name, callable, options],
  cache_image: [anyContext, name, options],
  manage_image_cache: [anyContext, instances, options],
  plug_vifs: [instance, ports, options],
  unplug_vifs: [instance, ports, options],
  attach_interface: [anyContext, instance, unread, vif, options],
  detach_interface: [anyContext, instance, vif, options],
  network_binding_host_id: [anyContext, hostOfInstance],
  attach_volume: [anyContext, unread, instance, name, options],
  detach_volume: [anyContext, unread, instance, name, options],
  get_instance_disk_info: [instance, options],
  get_console_output: [anyContext, instance, options],
  get_serial_console: [anyContext, instance, options],
  get_diagnostics: [instance, options],
  get_instance_diagnostics: [instance, options],
  migrate_disk_and_power_off: [anyContext, instance, name, flavor, ports, options],
  finish_migration: [...[anyContext, unread, instance], optionalText, ...[ports, image, options]],
  confirm_migration: [anyContext, unread, instance, ports, options],
  finish_revert_migration: [anyContext, instance, ports, unread, options],
  check_instance_shared_storage_local: [anyContext, unread, options],
  check_instance_shared_storage_remote: [anyContext, data, options],
};

const driver = new DockerDriver({ engine: 'unix:///nowhere' });

/** Nova's whole interface. */
const all = [...leftToDrivers, ...answeredByNova];

/** The reason with which a call rejects. A verb that throws at once fails the test. */
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

describe.each(all)('%s', (verb) => {
  const rules = verbs[verb] ?? [];

  it('rejects with an exception of Nova for arguments of any type', async () => {
    for (const wrong of odd) {
      const failure = await failureOf(verb, Array(most).fill(wrong));
      if (failure !== undefined) expect(failure).toBeInstanceOf(NovaException);
    }
  });

  for (const [at, { name: expected, takes }] of rules.entries())
    it(`takes as argument ${at + 1} ${expected}`, async () => {
      const refused: unknown[] = [];
      for (const given of odd) {
        const args = rules.map(({ sound }, index) => (index === at ? given : sound));
        if ((await failureOf(verb, args)) instanceof InvalidInput) refused.push(given);
      }
      expect(refused).toEqual(odd.filter((given) => !takes.includes(given)));
    });
});

describe('rebuild', () => {
  it.each(['detach_block_devices', 'attach_block_devices'])(
    'refuses a %s that is not a function',
    async (what) => {
      for (const wrong of [null, 7, 'x', {}])
        expect(
          await failureOf('rebuild', [context, newInstance(), newImageMeta('any'), { [what]: wrong }]),
        ).toBeInstanceOf(InvalidInput);
    },
  );
});

describe('the options of a verb', () => {
  it.each([{ signal: 'x' }, { signal: {} }, { onProgress: 'x' }])('are refused as %j', async (wrong) => {
    expect(await failureOf('cache_image', [context, 'an-image', wrong])).toBeInstanceOf(InvalidInput);
    expect(await failureOf('pause', [newInstance(), wrong])).toBeInstanceOf(InvalidInput);
    expect(await failureOf('init_host', ['host', wrong])).toBeInstanceOf(InvalidInput);
  });
});

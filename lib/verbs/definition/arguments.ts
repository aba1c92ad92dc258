import { z } from 'zod';
import type {
  BlockDeviceInfo,
  Flavor,
  ImageMeta,
  Instance,
  LongRunningOptions,
  MigrateDiskOptions,
  NetworkInfo,
  PowerOffOptions,
  ProviderTree,
  RebootType,
  RebuildOptions,
  RescueOptions,
  SpawnOptions,
  UpdateTaskState,
  VIF,
} from '../../../interfaces/index.js';
import { InvalidInput, reboot_type } from '../../../interfaces/index.js';
import { callback, withMethods } from '../../common/index.js';

/*
 * What a verb is about comes from callers whose compiler may not have looked at it. What every verb relies on is
 * checked before anything is done, so that a mistake of the caller does not read as a failure of the host, which Nova
 * would try again on another one.
 */

/** None stands for what was left out, as Nova has it. */
const text = z.string().nullish();
const amount = z.number().nonnegative();
const pinning = z.looseObject({ cpu_pinning: z.record(z.string(), z.number()).nullish() });
const instance = z.looseObject({
  uuid: z.string(),
  name: z.string(),
  hostname: text,
  display_name: text,
  project_id: text,
  user_id: text,
  image_ref: text,
  key_name: text,
  key_data: text,
  user_data: text,
  config_drive: text,
  availability_zone: text,
  launch_index: z.number().nullish(),
  metadata: z.record(z.string(), z.string()).optional(),
  system_metadata: z.record(z.string(), z.string().nullable()).optional(),
  numa_topology: z.looseObject({ cells: z.array(pinning) }).nullish(),
});
const flavor = z.looseObject({
  memory_mb: amount,
  vcpus: amount,
  root_gb: amount,
  ephemeral_gb: amount.optional(),
  swap: amount.optional(),
  extra_specs: z.record(z.string(), z.string()).optional(),
});
const made = instance.extend({ flavor });
const image = z.looseObject({
  id: z.string(),
  container_format: text,
  min_disk: amount.nullish(),
  min_ram: amount.nullish(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
const disk = z.looseObject({ device_name: text, encrypted: z.boolean().nullish() });
const volume = z.looseObject({ mount_device: text, boot_index: z.number().nullish() });
const disks = z
  .looseObject({
    root_device_name: text,
    image: z.array(disk).optional(),
    ephemerals: z.array(disk).optional(),
    block_device_mapping: z.array(volume).optional(),
    swap: disk.nullish(),
  })
  .nullish();

/** Nova sends a gateway without an address where a subnet has none. */
const gateway = z.looseObject({ address: z.string().nullish() }).nullish();
const addresses = z.array(z.looseObject({ address: z.string() })).nullish();
const subnet = z.looseObject({
  cidr: z.string().nullable(),
  gateway,
  dns: addresses,
  ips: addresses,
  routes: z.array(z.looseObject({ cidr: z.string(), gateway })).nullish(),
  version: z.number().nullish(),
});
const networkInterface = z.looseObject({
  id: z.string(),
  address: z.string().nullish(),
  network: z.looseObject({
    id: z.string(),
    subnets: z.array(subnet).nullish(),
    meta: z.looseObject({ mtu: z.number().nullish() }).nullish(),
  }),
});
/** None, which Nova passes where it knows nothing of them, is sound. */
const interfaces = z.array(networkInterface).nullish();
const connected = instance.extend({ info_cache: z.looseObject({ network_info: interfaces }).nullish() });
const injected = z
  .array(
    z.tuple(
      [z.string(), z.union([z.string(), z.instanceof(Uint8Array)])],
      'must be a pair of path and content',
    ),
  )
  .nullish();

/** What every verb takes among its options; what else a verb takes, it checks itself. */
const options = z.looseObject({
  signal: withMethods('throwIfAborted', 'addEventListener', 'removeEventListener').nullish(),
  onProgress: callback.nullish(),
});

/** @throws InvalidInput when the options of a verb are none. */
export function optionsMustBeSound(given: LongRunningOptions): void {
  mustFit('options', options, given);
}

/** @throws InvalidInput naming what an instance lacks that every verb needs. */
export function instanceMustBeSound(subject: Instance): void {
  mustFit('instance', instance, subject);
}

/** @throws InvalidInput when an instance is no object, or the name of its host no text. */
export function hostOfInstanceMustBeSound(subject: Pick<Instance, 'host'>): void {
  mustFit('instance', z.looseObject({ host: text }), subject);
}

/**
 * An instance as all that follows has it: checked, and with its uuid in lower case, so that every name, label, note and
 * key made of it is the same however the caller writes it.
 *
 * @throws what {@link instanceMustBeSound} throws.
 */
export function soundInstance(subject: Instance): Instance {
  instanceMustBeSound(subject);
  const uuid = subject.uuid.toLowerCase();
  return uuid === subject.uuid ? subject : { ...subject, uuid };
}

/** @throws InvalidInput naming the instance that lacks something that every verb needs. */
export function instancesMustBeSound(subjects: readonly Instance[]): void {
  mustFit('instances', z.array(instance), subjects);
}

/**
 * For a verb that takes an instance's interfaces from what Nova has written on it.
 *
 * @throws InvalidInput naming what of the instance or its interfaces is none.
 */
export function connectedInstanceMustBeSound(subject: Instance): void {
  mustFit('instance', connected, subject);
}

/** The same of several. */
export function connectedInstancesMustBeSound(subjects: readonly Instance[]): void {
  mustFit('instances', z.array(connected), subjects);
}

/**
 * For a verb that may have to make the container of an instance anew, of its image.
 *
 * @throws InvalidInput naming what of the instance, its interfaces or its disks is none.
 */
export function remakingMustBeSound(
  subject: Instance,
  network_info: NetworkInfo | null | undefined,
  block_device_info: BlockDeviceInfo | null | undefined,
): void {
  mustFit('instance', made, subject);
  networkInfoMustBeSound(network_info);
  mustFit('block_device_info', disks, block_device_info);
}

/** @throws InvalidInput naming what of an instance, or of where and as what it is to go on, is none. */
export function departureMustBeSound(
  subject: Instance,
  dest: string,
  wanted: Flavor,
  network_info: NetworkInfo,
  patience: Pick<MigrateDiskOptions, 'timeout' | 'retry_interval'>,
): void {
  mustFit('instance', made, subject);
  mustFit('dest', z.string().min(1, 'must be the address of a host'), dest);
  mustFit('flavor', flavor, wanted);
  networkInfoMustBeSound(network_info);
  patienceMustBeSound(patience);
}

/** What goes into an instance that is made, as verbs call it. */
type Given = Pick<
  SpawnOptions & RescueOptions,
  'network_info' | 'injected_files' | 'admin_password' | 'rescue_password' | 'block_device_info'
>;

/**
 * @throws InvalidInput naming what an instance, its image or what goes with them lacks that a container cannot be made
 * without.
 */
export function makingMustBeSound(subject: Instance, image_meta: ImageMeta, given: Given): void {
  mustFit('instance', made, subject);
  mustFit('image_meta', image, image_meta);
  networkInfoMustBeSound(given.network_info);
  mustFit('injected_files', injected, given.injected_files);
  mustFit('admin_password', text, given.admin_password);
  mustFit('rescue_password', text, given.rescue_password);
  mustFit('block_device_info', disks, given.block_device_info);
}

/** @throws InvalidInput naming what of the volumes that a rebuild hands over, or of what hands them over, is none. */
export function handedOverMustBeSound(given: RebuildOptions): void {
  mustFit('bdms', z.array(z.looseObject({ destination_type: text })).optional(), given.bdms);
  mustFit('detach_block_devices', callback.optional(), given.detach_block_devices);
  mustFit('attach_block_devices', callback.optional(), given.attach_block_devices);
}

/** @throws InvalidInput when an instance is given no time to end by itself that can be measured. */
export function patienceMustBeSound({
  timeout,
  retry_interval,
}: Pick<PowerOffOptions, 'timeout' | 'retry_interval'>): void {
  mustFit('timeout', amount.optional(), timeout);
  mustFit('retry_interval', amount.optional(), retry_interval);
}

/** @throws InvalidInput when it is no number of seconds. */
export function timeoutMustBeSound(timeout: number): void {
  mustFit('timeout', amount, timeout);
}

/** @throws InvalidInput when it is no text. */
export function mountpointMustBeText(mountpoint: string): void {
  mustFit('mountpoint', z.string(), mountpoint);
}

/** @throws InvalidInput when it is no text. */
export function imageIdMustBeText(image_id: string): void {
  mustFit('image_id', z.string(), image_id);
}

/** @throws InvalidInput when it is no text. */
export function passwordMustBeSound(new_pass: string): void {
  mustFit('new_pass', z.string(), new_pass);
}

/** @throws InvalidInput naming what of the interfaces is none. */
export function networkInfoMustBeSound(network_info: NetworkInfo | null | undefined): void {
  mustFit('network_info', interfaces, network_info);
}

/** @throws InvalidInput naming what an interface lacks. */
export function vifMustBeSound(vif: VIF): void {
  mustFit('vif', networkInterface, vif);
}

/** @throws InvalidInput when it is none that Nova has. */
export function rebootTypeMustBeKnown(type: RebootType): void {
  mustFit('reboot_type', z.enum(reboot_type), type);
}

/** @throws InvalidInput when it cannot be called. */
export function updateTaskStateMustBeSound(update_task_state: UpdateTaskState): void {
  mustFit('update_task_state', callback, update_task_state);
}

/** @throws InvalidInput when it is no text. */
export function nodeMustBeNamed(nodename: string): void {
  mustFit('nodename', z.string(), nodename);
}

/** @throws InvalidInput when it has not what resources are told by. */
export function providerTreeMustBeSound(provider_tree: ProviderTree): void {
  mustFit('provider_tree', withMethods('data', 'update_inventory', 'add_traits'), provider_tree);
}

/** @throws InvalidInput when it is no text, nor None. */
export function diskInfoMustBeText(disk_info: string | null): void {
  mustFit('disk_info', text, disk_info);
}

/** @throws InvalidInput when it is not what another host has told. */
export function sharedStorageDataMustBeSound(data: Readonly<Record<string, unknown>>): void {
  mustFit('data', z.looseObject({}), data);
}

/** @throws InvalidInput when a compute host is given no name. */
export function hostMustBeNamed(host: string): void {
  mustFit('host', z.string().min(1, 'must be the name of a compute host'), host);
}

function mustFit(what: string, schema: z.ZodType, subject: unknown): void {
  const checked = schema.safeParse(subject);
  if (checked.success) return;
  const [issue] = checked.error.issues;
  const field = [what, ...(issue?.path ?? [])].join('.');
  throw new InvalidInput(`${field} cannot be used: ${issue?.message ?? ''}`, { cause: checked.error });
}

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
 * Validation of the verbs' arguments, which may come from plain JavaScript. Arguments are validated before anything is
 * done: otherwise Nova would take a caller's mistake for a failure of the host, and retry it on another one.
 */

/** Python's None (null) means that a value was omitted, as in Nova. */
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

/** For a subnet without a gateway, Nova sends a gateway without an address. */
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
/** Null is valid: Nova passes None when it does not know the interfaces. */
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

/** The options that all verbs have in common. A verb validates its own options itself. */
const options = z.looseObject({
  signal: withMethods('throwIfAborted', 'addEventListener', 'removeEventListener').nullish(),
  onProgress: callback.nullish(),
});

/** @throws InvalidInput when a verb's options are malformed. */
export function optionsMustBeSound(given: LongRunningOptions): void {
  mustFit('options', options, given);
}

/** @throws InvalidInput naming the first malformed field that every verb needs of an instance. */
export function instanceMustBeSound(subject: Instance): void {
  mustFit('instance', instance, subject);
}

/** @throws InvalidInput when the instance is not an object, or its host is not a string. */
export function hostOfInstanceMustBeSound(subject: Pick<Instance, 'host'>): void {
  mustFit('instance', z.looseObject({ host: text }), subject);
}

/**
 * Validates an instance and returns it with its uuid in lower case, so that every name, label and key derived from it
 * is independent of how the caller writes it.
 *
 * @throws what {@link instanceMustBeSound} throws.
 */
export function soundInstance(subject: Instance): Instance {
  instanceMustBeSound(subject);
  const uuid = subject.uuid.toLowerCase();
  return uuid === subject.uuid ? subject : { ...subject, uuid };
}

/** @throws InvalidInput naming the first malformed instance, and its field. */
export function instancesMustBeSound(subjects: readonly Instance[]): void {
  mustFit('instances', z.array(instance), subjects);
}

/**
 * For a verb that reads an instance's interfaces from the instance's `info_cache`.
 *
 * @throws InvalidInput naming the first malformed field of the instance or its interfaces.
 */
export function connectedInstanceMustBeSound(subject: Instance): void {
  mustFit('instance', connected, subject);
}

/** Like {@link connectedInstanceMustBeSound}, for several instances. */
export function connectedInstancesMustBeSound(subjects: readonly Instance[]): void {
  mustFit('instances', z.array(connected), subjects);
}

/**
 * For a verb that may have to recreate the instance's container from its image.
 *
 * @throws InvalidInput naming the first malformed field of the instance, its interfaces or its disks.
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

/**
 * @throws InvalidInput naming the first malformed field of the instance, its destination, its new flavor or its
 * interfaces.
 */
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

/** What a new instance gets, under the names of the verbs' options. */
type Given = Pick<
  SpawnOptions & RescueOptions,
  'network_info' | 'injected_files' | 'admin_password' | 'rescue_password' | 'block_device_info'
>;

/**
 * @throws InvalidInput naming the first malformed field of the instance, its image or its other parts that a container
 * needs.
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

/** @throws InvalidInput when the volumes of a rebuild, or the callbacks that detach and attach them, are malformed. */
export function handedOverMustBeSound(given: RebuildOptions): void {
  mustFit('bdms', z.array(z.looseObject({ destination_type: text })).optional(), given.bdms);
  mustFit('detach_block_devices', callback.optional(), given.detach_block_devices);
  mustFit('attach_block_devices', callback.optional(), given.attach_block_devices);
}

/**
 * @throws InvalidInput when the time that an instance gets to stop by itself is not a number of seconds of at least 0.
 */
export function patienceMustBeSound({
  timeout,
  retry_interval,
}: Pick<PowerOffOptions, 'timeout' | 'retry_interval'>): void {
  mustFit('timeout', amount.optional(), timeout);
  mustFit('retry_interval', amount.optional(), retry_interval);
}

/** @throws InvalidInput when the timeout is not a number of seconds of at least 0. */
export function timeoutMustBeSound(timeout: number): void {
  mustFit('timeout', amount, timeout);
}

/** @throws InvalidInput when the mountpoint is not a string. */
export function mountpointMustBeText(mountpoint: string): void {
  mustFit('mountpoint', z.string(), mountpoint);
}

/** @throws InvalidInput when the image id is not a string. */
export function imageIdMustBeText(image_id: string): void {
  mustFit('image_id', z.string(), image_id);
}

/** @throws InvalidInput when the password is not a string. */
export function passwordMustBeSound(new_pass: string): void {
  mustFit('new_pass', z.string(), new_pass);
}

/** @throws InvalidInput naming the first malformed field of the interfaces. */
export function networkInfoMustBeSound(network_info: NetworkInfo | null | undefined): void {
  mustFit('network_info', interfaces, network_info);
}

/** @throws InvalidInput naming the first malformed field of the interface. */
export function vifMustBeSound(vif: VIF): void {
  mustFit('vif', networkInterface, vif);
}

/** @throws InvalidInput when Nova has no such reboot type. */
export function rebootTypeMustBeKnown(type: RebootType): void {
  mustFit('reboot_type', z.enum(reboot_type), type);
}

/** @throws InvalidInput when it is not a function. */
export function updateTaskStateMustBeSound(update_task_state: UpdateTaskState): void {
  mustFit('update_task_state', callback, update_task_state);
}

/** @throws InvalidInput when the node's name is not a string. */
export function nodeMustBeNamed(nodename: string): void {
  mustFit('nodename', z.string(), nodename);
}

/** @throws InvalidInput when the provider tree lacks one of the methods that report resources. */
export function providerTreeMustBeSound(provider_tree: ProviderTree): void {
  mustFit('provider_tree', withMethods('data', 'update_inventory', 'add_traits'), provider_tree);
}

/** @throws InvalidInput when it is neither a string nor null. */
export function diskInfoMustBeText(disk_info: string | null): void {
  mustFit('disk_info', text, disk_info);
}

/** @throws InvalidInput when the data from the other host is not an object. */
export function sharedStorageDataMustBeSound(data: Readonly<Record<string, unknown>>): void {
  mustFit('data', z.looseObject({}), data);
}

/** @throws InvalidInput when the compute host's name is not a string, or is empty. */
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

import { z } from 'zod';
import { reboot_type as rebootTypes } from '../../../interfaces/index.js';
import { callback, vif, withMethods } from '../../common/index.js';

/*
 * The schemas of the verbs' arguments, which may come from plain JavaScript. A verb names in its definition the schema
 * of each argument.
 */

/** Python's None (null) means that a value was omitted, as in Nova. */
export const optionalText = z.string().nullish();
/** A number of seconds, or of any other unit. */
export const amount = z.number().nonnegative();
const pinning = z.looseObject({ cpu_pinning: z.record(z.string(), z.number()).nullish() });
/** What every verb reads of an instance. */
export const instance = z.looseObject({
  uuid: z.string(),
  name: z.string(),
  hostname: optionalText,
  display_name: optionalText,
  project_id: optionalText,
  user_id: optionalText,
  image_ref: optionalText,
  key_name: optionalText,
  key_data: optionalText,
  user_data: optionalText,
  config_drive: optionalText,
  availability_zone: optionalText,
  launch_index: z.number().nullish(),
  metadata: z.record(z.string(), z.string()).optional(),
  system_metadata: z.record(z.string(), z.string().nullable()).optional(),
  numa_topology: z.looseObject({ cells: z.array(pinning) }).nullish(),
});
export const flavor = z.looseObject({
  memory_mb: amount,
  vcpus: amount,
  root_gb: amount,
  ephemeral_gb: amount.optional(),
  swap: amount.optional(),
  extra_specs: z.record(z.string(), z.string()).optional(),
});
/** An instance whose container the verb may create. */
export const bootableInstance = instance.extend({ flavor });
export const imageMeta = z.looseObject({
  id: z.string(),
  container_format: optionalText,
  min_disk: amount.nullish(),
  min_ram: amount.nullish(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
const disk = z.looseObject({ device_name: optionalText, encrypted: z.boolean().nullish() });
const volume = z.looseObject({ mount_device: optionalText, boot_index: z.number().nullish() });
export const blockDeviceInfo = z
  .looseObject({
    root_device_name: optionalText,
    image: z.array(disk).optional(),
    ephemerals: z.array(disk).optional(),
    block_device_mapping: z.array(volume).optional(),
    swap: disk.nullish(),
  })
  .nullish();

/** Null is valid: Nova passes None when it does not know the interfaces. */
export const networkInfo = z.array(vif).nullish();
/** An instance whose interfaces the verb reads from its `info_cache`. */
export const connectedInstance = instance.extend({
  info_cache: z.looseObject({ network_info: networkInfo }).nullish(),
});
const injectedFiles = z
  .array(
    z.tuple(
      [z.string(), z.union([z.string(), z.instanceof(Uint8Array)])],
      'must be a pair of path and content',
    ),
  )
  .nullish();
export const instances = z.array(instance);

/** An argument that this driver does not read. */
export const unread = z.unknown();
export const text = z.string();
/** An instance of which the verb reads only the host. */
export const hostOfInstance = z.looseObject({ host: optionalText });
export const rebootType = z.enum(rebootTypes);
export const hostName = z.string().min(1, 'must be the name of a compute host');
export const hostAddress = z.string().min(1, 'must be the address of a host');
export const blockDeviceMappings = z.array(z.looseObject({ destination_type: optionalText }));
export const providerTree = withMethods('data', 'update_inventory', 'add_traits');
/** Data of another host's driver. */
export const exchangedData = z.looseObject({});
export { callback, vif };

/** The options of a verb that creates a container from an image. */
export const bootOptions = {
  network_info: networkInfo,
  injected_files: injectedFiles,
  admin_password: optionalText,
  block_device_info: blockDeviceInfo,
};
/** The options of a verb that gives an instance time to stop by itself. */
export const stopOptions = { timeout: amount.optional(), retry_interval: amount.optional() };

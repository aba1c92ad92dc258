import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ImageMeta, InjectedFile, Instance, NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerInspect, MountSpecification } from '../../engine/index.js';
import type { FileToWrite } from './files-to-write.js';
import { networkMetadata } from './network-metadata.js';
import { ownVolume } from '../specification/index.js';

/** Where cloud-init's ConfigDrive data source looks for the files of a config drive if there is no such device. */
const drive = 'var/lib/cloud/seed/config_drive';
export const configDriveSeed = `${drive}/openstack`;
/** Mount point of the config drive's volume in the container. */
export const configDriveFolder = `/${drive}`;

/** The operator's settings for config drives. */
export interface ConfigDrivePolicy {
  /** Whether every instance gets one. Nova: `[DEFAULT] force_config_drive`. */
  readonly forceConfigDrive: boolean;
  /** Vendor data for all instances. Nova: `[api] vendordata_jsonfile_path`. */
  readonly vendorData: Readonly<Record<string, unknown>>;
}

/** Arguments of `spawn` that the config drive depends on. */
interface SpawnedWith {
  readonly network_info?: NetworkInfo | null | undefined;
  readonly injected_files?: readonly InjectedFile[] | null | undefined;
  readonly admin_password?: string | null | undefined;
}

const keypair = z.object({ name: z.string(), type: z.string(), public_key: z.string() });
/** Bytes of random data to seed the instance's random number generator, as many as Nova passes. */
const seedLength = 512;

/**
 * The files of an instance's config drive; empty if it needs none. User data is not among them: every instance gets it,
 * at the same place.
 *
 * Nova also lays the files out under the dates of its metadata formats; this driver writes only `latest`, the fallback
 * of all readers. Only root may read the files: they contain the administrator's password.
 *
 * Nova: `InstanceMetadata.metadata_for_config_drive`, `configdrive.required_by`.
 */
export function configDriveFiles(
  instance: Instance,
  image_meta: ImageMeta,
  spawnedWith: SpawnedWith,
  policy: ConfigDrivePolicy,
): FileToWrite[] {
  if (!isRequired(instance, image_meta, policy)) return [];
  const { network_info, injected_files } = spawnedWith;
  const contents = (injected_files ?? []).map(([path, data], index) => ({
    path,
    content_path: `/content/${String(index).padStart(4, '0')}`,
    data,
  }));
  const files = contents.map(({ path, content_path }) => ({ path, content_path }));
  return [
    json('meta_data', metadata(instance, files, spawnedWith.admin_password)),
    json('network_data', networkMetadata(network_info ?? []) ?? {}),
    json('vendor_data', policy.vendorData),
    json('vendor_data2', { static: policy.vendorData }),
    ...contents.map(({ content_path, data }) => secret(`${configDriveSeed}${content_path}`, data)),
  ];
}

/**
 * The mount of the config drive. The files, with the administrator's password, belong to this instance alone. They are
 * on a separate volume so that no snapshot includes them.
 */
export function configDriveMounts(
  files: readonly FileToWrite[],
  host: string,
  instance: Instance,
): MountSpecification[] {
  return files.length === 0 ? [] : [ownVolume(configDriveFolder, host, instance)];
}

/** Whether an instance was created with a config drive. */
export function hasConfigDrive({ Mounts: mounts }: Pick<ContainerInspect, 'Mounts'>): boolean {
  return mounts.some(({ Destination: destination }) => destination === `/${drive}`);
}

function isRequired(
  { config_drive }: Instance,
  { properties }: ImageMeta,
  { forceConfigDrive }: ConfigDrivePolicy,
): boolean {
  // Nova's database stores this as text, with an empty string for false.
  const isAskedFor = config_drive !== undefined && config_drive !== null && config_drive !== '';
  return isAskedFor || forceConfigDrive || properties?.['img_config_drive'] === 'mandatory';
}

/**
 * Nova: `InstanceMetadata._metadata_as_json`. `devices` is empty: Nova lists only tagged devices, and containers have
 * none.
 */
function metadata(
  instance: Instance,
  files: readonly { readonly path: string; readonly content_path: string }[],
  admin_password: string | null | undefined,
): Record<string, unknown> {
  const { metadata: meta = {} } = instance;
  return {
    uuid: instance.uuid,
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
    ...(files.length === 0 ? {} : { files }),
    ...(admin_password === undefined || admin_password === null || admin_password === ''
      ? {}
      : { admin_pass: admin_password }),
    ...keys(instance),
    hostname: instance.hostname ?? instance.name,
    name: instance.display_name ?? null,
    launch_index: instance.launch_index ?? 0,
    availability_zone: instance.availability_zone ?? null,
    random_seed: randomBytes(seedLength).toString('base64'),
    project_id: instance.project_id ?? null,
    devices: [],
    dedicated_cpus: dedicatedCpus(instance),
  };
}

/** The instance's key. Prefer the keypair record, if Nova sent it: only the record has the key's type. */
function keys({ key_name, key_data, keypairs }: Instance): Record<string, unknown> {
  if (key_name === undefined || key_name === null || key_name === '') return {};
  const record = keypair.safeParse(keypairs?.objects[0]).data;
  const name = record?.name ?? key_name;
  const data = record?.public_key ?? key_data;
  if (data === undefined || data === null || data === '') return {};
  return { public_keys: { [name]: data }, keys: [{ name, type: record?.type ?? 'ssh', data }] };
}

/** The instance's virtual CPUs that are pinned to a CPU of the host. */
function dedicatedCpus({ numa_topology }: Instance): number[] {
  const pinnings = (numa_topology?.cells ?? []).map(({ cpu_pinning }) => cpu_pinning ?? {});
  return pinnings.flatMap((pinning) => Object.keys(pinning).map(Number)).sort((one, other) => one - other);
}

function json(name: string, value: unknown): FileToWrite {
  return secret(`${configDriveSeed}/latest/${name}.json`, JSON.stringify(value));
}

function secret(path: string, contents: string | Uint8Array): FileToWrite {
  return { path, contents: Buffer.from(contents), mode: 0o600, uid: 0, gid: 0 };
}

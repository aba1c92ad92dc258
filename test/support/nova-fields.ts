import { z } from 'zod';
import { capability_traits, power_state } from '../../interfaces/index.js';

/*
 * The types of what Nova takes from a driver, as Nova and Placement validate them: fields of
 * oslo.versionedobjects, JSON schemas of the APIs, os-traits. Read in Nova's sources of August 2026;
 * each comment names the place there.
 */

/** A signed integer that a database column of Nova holds. `IntegerField`. */
const integer = z.int();
const amount = integer.nonnegative();
const count = integer.positive();
const text = z.string();
const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
/** `MACAddressField`. */
const macAddress = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);

/** The names that both the object and the response schema of the API (microversion 2.48) allow. */
const hypervisorDriver = z.enum(['ironic', 'libvirt', 'vmwareapi', 'xenapi']);

/** `nova/objects/diagnostics.py`, `nova/api/openstack/compute/schemas/server_diagnostics.py`. */
export const diagnostics = z.strictObject({
  state: z.enum(['pending', 'running', 'paused', 'shutdown', 'crashed', 'suspended']),
  driver: hypervisorDriver,
  hypervisor: text.nullable(),
  hypervisor_os: text.nullable(),
  uptime: integer.nullable(),
  config_drive: z.boolean(),
  num_cpus: integer,
  num_nics: integer,
  num_disks: integer,
  memory_details: z.strictObject({ maximum: integer.nullable(), used: integer.nullable() }),
  cpu_details: z.array(
    z.strictObject({ id: integer.nullable(), time: integer.nullable(), utilisation: integer.nullable() }),
  ),
  nic_details: z.array(
    z.strictObject({
      mac_address: macAddress.nullable(),
      rx_octets: integer.nullable(),
      rx_errors: integer.nullable(),
      rx_drop: integer.nullable(),
      rx_packets: integer.nullable(),
      rx_rate: integer.nullable(),
      tx_octets: integer.nullable(),
      tx_errors: integer.nullable(),
      tx_drop: integer.nullable(),
      tx_packets: integer.nullable(),
      tx_rate: integer.nullable(),
    }),
  ),
  disk_details: z.array(
    z.strictObject({
      read_bytes: integer.nullable(),
      read_requests: integer.nullable(),
      write_bytes: integer.nullable(),
      write_requests: integer.nullable(),
      errors_count: integer.nullable(),
    }),
  ),
});

/** `nova/virt/driver.py`, `get_diagnostics`: JSON with names that the driver chooses. */
export const flatDiagnostics = z.record(text, z.union([text, z.number()]));

/** `nova/virt/hardware.py`, `InstanceInfo`; Nova ignores further fields. */
export const instanceInfo = z.looseObject({
  state: z.enum(power_state),
  internal_id: text.nullable(),
});

/** `nova/virt/arch.py`. */
const architecture = z.enum(
  (
    'alpha armv6 armv7l armv7b aarch64 cris i686 ia64 lm32 m68k microblaze microblazeel mips mipsel mips64 mips64el ' +
    'openrisc parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb s390 s390x sh4 sh4eb sparc sparc64 unicore32 x86_64 ' +
    'xtensa xtensaeb'
  ).split(' '),
);

/** `nova/objects/compute_node.py`, `update_from_virt_driver`, and what the resource tracker reads beside it. */
export const hostResources = z.strictObject({
  uuid,
  vcpus: amount,
  memory_mb: amount,
  local_gb: amount,
  vcpus_used: amount,
  memory_mb_used: amount,
  local_gb_used: amount,
  disk_available_least: integer.nullable(),
  hypervisor_type: text,
  hypervisor_version: integer.max(2 ** 31 - 1),
  hypervisor_hostname: text,
  cpu_info: text.refine(
    (json) => z.record(text, z.unknown()).safeParse(JSON.parse(json)).success,
    'is no JSON object',
  ),
  /** `HVSpec`: architecture, hypervisor type (`HVType` has `docker`), mode (`VMMode`). */
  supported_instances: z.array(z.tuple([architecture, z.literal('docker'), z.literal('exe')])),
  numa_topology: text.nullable(),
});

/** The schema of Placement's inventories. */
const inventory = z.strictObject({
  total: count.max(2 ** 31 - 1),
  reserved: amount.max(2 ** 31 - 1),
  min_unit: count,
  max_unit: count,
  step_size: count,
  allocation_ratio: z.number().positive(),
});

export const inventories = z.record(z.enum(['VCPU', 'MEMORY_MB', 'DISK_GB']), inventory.optional());

/** Placement accepts traits of os-traits and custom ones: here those of `os_traits/hw/arch.py`. */
export const traits = z.array(
  z.enum(
    ['ARMV6', 'ARMV7', 'AARCH64', 'I686', 'MIPS64EL', 'PPC64LE', 'S390X', 'X86_64'].map(
      (name) => `HW_ARCH_${name}`,
    ),
  ),
);

export const capabilitiesAsTraits = z.partialRecord(z.enum(Object.values(capability_traits)), z.boolean());

/** `nova/compute/monitors/cpu/virt_driver.py`. Times in nanoseconds, the frequency in MHz. */
export const hostCpuStats = z.strictObject({
  kernel: amount,
  idle: amount,
  user: amount,
  iowait: amount,
  frequency: amount,
});

/** `up … load average: …`, as the API of hypervisors splits it (`nova/api/openstack/compute/hypervisors.py`). */
export const hostUptime = z
  .string()
  .regex(/^ *\d\d:\d\d:\d\d +up .+, +load average: [\d.]+, [\d.]+, [\d.]+\s*$/);

export const ipAddress = z.union([z.ipv4(), z.ipv6()]);
export const names = z.array(text);
export const uuids = z.array(uuid);
export const namesByUuid = z.record(uuid, text);

/** `nova/console/type.py`, `ConsoleSerial`. */
export const consoleConnection = z.strictObject({
  host: text,
  port: integer.min(1).max(65_535),
  internal_access_path: text.nullish(),
});

/** `nova/objects/volume_usage.py`. */
export const volumeUsages = z.array(
  z.strictObject({
    volume: uuid,
    instance: z.looseObject({ uuid }),
    rd_req: amount,
    rd_bytes: amount,
    wr_req: amount,
    wr_bytes: amount,
  }),
);

/** `nova/virt/driver.py`, `get_instance_disk_info`: JSON. */
export const diskInfo = z.array(
  z.looseObject({
    path: text,
    type: text,
    virt_disk_size: amount,
    backing_file: text,
    disk_size: amount,
    over_committed_disk_size: amount,
  }),
);

/** JSON text whose value has the given type. */
export const json = (type: z.ZodType): z.ZodType =>
  text.transform((value): unknown => JSON.parse(value)).pipe(type);

import { z } from 'zod';
import type {
  ImageMeta,
  Instance,
  NetworkInfo,
  RebootType,
  SpawnOptions,
  UpdateTaskState,
  VIF,
} from '../interfaces/index.js';
import { InvalidInput, reboot_type } from '../interfaces/index.js';

/*
 * What a verb is about comes from callers whose compiler may not have looked at it. What every verb relies on is checked before anything is done, so
 * that a mistake of the caller does not read as a failure of the host, which Nova would try again on another one.
 */

const instance = z.looseObject({ uuid: z.string(), name: z.string() });
const amount = z.number().nonnegative();
const made = instance.extend({
  flavor: z.looseObject({ memory_mb: amount, vcpus: amount, root_gb: amount }),
});
const image = z.looseObject({ id: z.string() });

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
const injected = z
  .array(
    z.tuple(
      [z.string(), z.union([z.string(), z.instanceof(Uint8Array)])],
      'must be a pair of path and content',
    ),
  )
  .nullish();

/** @throws InvalidInput naming what an instance lacks that every verb needs. */
export function instanceMustBeSound(subject: Instance): void {
  mustFit('instance', instance, subject);
}

/** @throws InvalidInput naming what an instance, its image or what goes with them lacks that a container cannot be made without. */
export function makingMustBeSound(
  subject: Instance,
  image_meta: ImageMeta,
  { network_info, injected_files }: Pick<SpawnOptions, 'network_info' | 'injected_files'>,
): void {
  mustFit('instance', made, subject);
  mustFit('image_meta', image, image_meta);
  networkInfoMustBeSound(network_info);
  mustFit('injected_files', injected, injected_files);
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
  const callable = z.custom((value) => typeof value === 'function', 'must be a function');
  mustFit('update_task_state', callable, update_task_state);
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

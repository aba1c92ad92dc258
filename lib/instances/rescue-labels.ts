import { z } from 'zod';
import type { NetworkInfo, VIF } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { label } from '../common/index.js';

const address = z.looseObject({ address: z.string() });
const port = z.looseObject({
  id: z.string(),
  address: z.string().nullable(),
  network: z.looseObject({
    id: z.string(),
    subnets: z
      .array(
        z.looseObject({
          cidr: z.string().nullable(),
          gateway: address.nullish(),
          dns: z.array(address).optional(),
          ips: z.array(address).optional(),
          version: z.number().nullish(),
        }),
      )
      .optional(),
    meta: z.looseObject({ mtu: z.number().nullish() }).optional(),
  }),
});
const vif = z.custom<VIF>((value) => port.safeParse(value).success, 'not a port');

/**
 * The labels of a rescue container. They name the rescued container by its id, which no image can predict. They also
 * store the interfaces of the rescued container, because an engine forgets the MAC addresses of a stopped container
 * (28.5).
 */
export function rescueLabels(
  { Id: container }: Pick<ContainerInspect, 'Id'>,
  network_info: NetworkInfo,
): Record<string, string> {
  return {
    [label.rescuedContainer]: container,
    [label.rescuedNetworks]: JSON.stringify(network_info),
  };
}

/** Whether a container is the rescue container of another one, which must have the name of a rescued container. */
export function isRescueOf({ Config: { Labels: labels } }: ContainerInspect, rescued: string): boolean {
  return labels[label.rescuedContainer] === rescued;
}

/**
 * The interfaces of a rescued instance.
 *
 * @throws ZodError when the label is not one that {@link rescueLabels} wrote.
 */
export function rescuedNetworks({ Config: { Labels: labels } }: ContainerInspect): NetworkInfo {
  return z.array(vif).parse(JSON.parse(labels[label.rescuedNetworks] ?? '[]'));
}

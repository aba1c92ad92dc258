import { z } from 'zod';
import type { NetworkInfo, VIF } from '../../../interfaces/index.js';
import type { ContainerInspect } from '../../engine/index.js';
import { label, vif } from '../../common/index.js';

const storedVif = z.custom<VIF>((value) => vif.safeParse(value).success, 'not a port');

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

/**
 * Whether a container is the rescue container of another one. The caller must check that the other one is named
 * `.rescued`.
 */
export function isRescueOf({ Config: { Labels: labels } }: ContainerInspect, rescued: string): boolean {
  return labels[label.rescuedContainer] === rescued;
}

/**
 * The interfaces of a rescued instance.
 *
 * @throws ZodError when the label is not one that {@link rescueLabels} wrote.
 */
export function rescuedNetworks({
  Config: { Labels: labels },
}: {
  readonly Config: Pick<ContainerInspect['Config'], 'Labels'>;
}): NetworkInfo {
  return z.array(storedVif).parse(JSON.parse(labels[label.rescuedNetworks] ?? '[]'));
}

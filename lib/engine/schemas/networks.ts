import { z } from 'zod';

import { listOf, mapOf, networkId, textIfSet } from './fields.js';

export const networkInspect = z.object({
  Id: networkId,
  Name: z.string(),
  Created: z.string(),
  Scope: z.string(),
  Driver: z.string(),
  EnableIPv6: z.boolean(),
  Internal: z.boolean(),
  IPAM: z.object({
    Driver: z.string(),
    Options: mapOf(z.string()),
    Config: listOf(
      z.object({
        Subnet: textIfSet,
        IPRange: textIfSet,
        Gateway: textIfSet,
        AuxiliaryAddresses: mapOf(z.string()),
      }),
    ),
  }),
  /** Keyed by container id; empty in lists. */
  Containers: mapOf(
    z.object({
      Name: z.string(),
      EndpointID: textIfSet,
      MacAddress: textIfSet,
      IPv4Address: textIfSet,
      IPv6Address: textIfSet,
    }),
  ),
  Options: mapOf(z.string()),
  Labels: mapOf(z.string()),
});

export const networkCreated = z.object({ Id: networkId, Warning: textIfSet });

/** A network of the engine. */
export type NetworkInspect = z.output<typeof networkInspect>;

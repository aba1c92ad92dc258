import { z } from 'zod';

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

/**
 * An interface of Nova's `network_info`, as an argument of a verb and as the driver stores it: what a verb accepts and
 * stores, a later verb must be able to read.
 */
export const vif = z.looseObject({
  id: z.string(),
  address: z.string().nullish(),
  network: z.looseObject({
    id: z.string(),
    subnets: z.array(subnet).nullish(),
    meta: z.looseObject({ mtu: z.number().nullish() }).nullish(),
  }),
});

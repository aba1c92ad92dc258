import type { Instance } from '../../../interfaces/index.js';
import { schemas, validateArguments } from '../definition/index.js';

/**
 * The host to which Neutron binds the ports of an instance. It is answered before `init_host`, too.
 *
 * @throws InvalidInput when the instance is not an object, or its host is not a string.
 */
export async function networkBindingHostId(instance: Pick<Instance, 'host'>): Promise<string | null> {
  validateArguments({ instance: schemas.hostOfInstance }, { instance });
  return await Promise.resolve(instance.host ?? null);
}

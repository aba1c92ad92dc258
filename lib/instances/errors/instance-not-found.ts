import { type Instance, InstanceNotFound } from '../../../interfaces/index.js';

/** The exception for an instance that has no container on this host. */
export function instanceNotFound({ uuid }: Pick<Instance, 'uuid'>, cause?: unknown): InstanceNotFound {
  return new InstanceNotFound(`Instance ${uuid} could not be found`, { cause, instance_uuid: uuid });
}

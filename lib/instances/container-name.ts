import { InvalidInput } from '../../interfaces/index.js';
import type { ContainerRef } from '../engine/index.js';
import { containerRef } from '../engine/index.js';
import { instanceContainerName, instancePartName } from '../common/index.js';
import { isUuid } from '../common/index.js';

/**
 * The name of an instance's container, checked.
 *
 * @throws InvalidInput when the uuid is none.
 */
export function containerName(uuid: string): ContainerRef {
  return containerRef(instanceContainerName(checkedUuid(uuid)));
}

/**
 * The name of a further container of an instance, checked.
 *
 * @param part - what it is; lower-case letters.
 * @throws InvalidInput when the uuid is none.
 */
export function containerPartName(uuid: string, part: string): ContainerRef {
  return containerRef(instancePartName(checkedUuid(uuid), part));
}

function checkedUuid(uuid: string): string {
  if (isUuid(uuid)) return uuid;
  throw new InvalidInput(`${JSON.stringify(uuid)} is not the uuid of an instance`);
}

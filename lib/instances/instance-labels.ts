import { type Instance, InvalidInput } from '../../interfaces/index.js';
import { label, isUuid, instanceContainerName, instancePartName } from '../common/index.js';
import { type ContainerRef, containerRef } from '../engine/index.js';

/** What an instance was given, as its host counts it. */
export interface FlavorFigures {
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly root_gb: number;
  readonly ephemeral_gb: number;
}

/** What a container's labels say of the instance it is. */
export interface InstanceRecord extends FlavorFigures {
  readonly host: string;
  readonly uuid: string;
  readonly name: string;
  /** Whether the spawn that made it was to start it. */
  readonly power_on: boolean;
  /** Which attempt to spawn made it. */
  readonly attempt: string;
}

/**
 * One attempt to make an instance: what it makes can be told from what was there before, and from what another attempt
 * makes.
 */
export interface SpawnAttempt {
  /** The compute host that tries. */
  readonly host: string;
  /** Not that of any other attempt. */
  readonly id: string;
  /** Whether the instance is to be started. */
  readonly power_on: boolean;
}

/**
 * The labels of an instance's container. All are always set: a container inherits the labels of its image, and an image
 * must not be able to add one of ours.
 */
export function instanceLabels(
  instance: Instance,
  image_id: string,
  attempt: SpawnAttempt,
): Record<string, string> {
  return {
    [label.host]: attempt.host,
    [label.instanceUuid]: instance.uuid,
    [label.instanceName]: instance.name,
    [label.projectId]: instance.project_id ?? '',
    [label.userId]: instance.user_id ?? '',
    [label.imageId]: image_id,
    ...flavorLabels(instance.flavor),
    [label.powerOn]: String(attempt.power_on),
    [label.attempt]: attempt.id,
    [label.networkId]: '',
  };
}

/**
 * Reads what {@link instanceLabels} wrote. The uuid is in lower case, as everywhere in the driver.
 *
 * @returns undefined when the labels are not those of an instance.
 */
export function instanceRecord(labels: Readonly<Record<string, string>>): InstanceRecord | undefined {
  const host = labels[label.host];
  const uuid = labels[label.instanceUuid]?.toLowerCase();
  const name = labels[label.instanceName];
  if (host === undefined || uuid === undefined || name === undefined) return undefined;
  if (host === '' || !isUuid(uuid)) return undefined;
  const figures = flavorFiguresOf(labels);
  if (!Object.values(figures).every(Number.isSafeInteger)) return undefined;
  return {
    host,
    uuid,
    name,
    ...figures,
    power_on: labels[label.powerOn] === 'true',
    attempt: labels[label.attempt] ?? '',
  };
}

/** What labels, or a note, say of a flavor. */
export function flavorFiguresOf(labels: Readonly<Record<string, string>>): FlavorFigures {
  return {
    vcpus: Number(labels[label.vcpus]),
    memory_mb: Number(labels[label.memoryMb]),
    root_gb: Number(labels[label.rootGb]),
    // Versions of the driver that did not count it wrote nothing.
    ephemeral_gb: Number(labels[label.ephemeralGb] ?? 0),
  };
}

/** The labels, or the values of a note, that {@link flavorFiguresOf} reads. */
export function flavorLabels({
  vcpus,
  memory_mb,
  root_gb,
  ephemeral_gb = 0,
}: Omit<FlavorFigures, 'ephemeral_gb'> & Partial<FlavorFigures>): Record<string, string> {
  return {
    [label.vcpus]: String(vcpus),
    [label.memoryMb]: String(memory_mb),
    [label.rootGb]: String(root_gb),
    [label.ephemeralGb]: String(ephemeral_gb),
  };
}

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

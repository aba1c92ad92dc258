import { type Instance, InvalidInput } from '../../../interfaces/index.js';
import { label, isUuid, instanceContainerName, instancePartName } from '../../common/index.js';
import { type ContainerRef, containerRef } from '../../engine/index.js';

/** The flavor's figures, for the host's accounting. */
export interface FlavorFigures {
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly root_gb: number;
  readonly ephemeral_gb: number;
}

/** An instance according to its container's labels. */
export interface InstanceRecord extends FlavorFigures {
  readonly host: string;
  readonly uuid: string;
  readonly name: string;
  /** Whether the spawn that created the container was to start it. */
  readonly power_on: boolean;
  /** Id of the attempt to spawn that created the container. */
  readonly attempt: string;
}

/**
 * One attempt to create an instance. It distinguishes the attempt's containers from older ones and from those of other
 * attempts.
 */
export interface SpawnAttempt {
  /** The compute host that spawns the instance. */
  readonly host: string;
  /** Unique among all attempts. */
  readonly id: string;
  /** Whether the spawn starts the instance. */
  readonly power_on: boolean;
}

/**
 * The labels of an instance's container. All are always set: a container inherits its image's labels, and an image must
 * not be able to set one of the driver's. Those of a rescue are believed only beside a container that a rescue renamed.
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
 * Parses the labels that {@link instanceLabels} wrote. The uuid is in lower case, as everywhere in the driver.
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

/** Parses the flavor's figures from labels, of a container or of the state store. */
export function flavorFiguresOf(labels: Readonly<Record<string, string>>): FlavorFigures {
  return {
    vcpus: Number(labels[label.vcpus]),
    memory_mb: Number(labels[label.memoryMb]),
    root_gb: Number(labels[label.rootGb]),
    // Older versions of the driver did not write this label.
    ephemeral_gb: Number(labels[label.ephemeralGb] ?? 0),
  };
}

/** The labels that {@link flavorFiguresOf} parses. */
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
 * The name of an instance's container.
 *
 * @throws InvalidInput when the uuid is malformed.
 */
export function containerName(uuid: string): ContainerRef {
  return containerRef(instanceContainerName(checkedUuid(uuid)));
}

/**
 * The name of an additional container of an instance.
 *
 * @param part - the container's role, in lower-case letters.
 * @throws InvalidInput when the uuid is malformed.
 */
export function containerPartName(uuid: string, part: string): ContainerRef {
  return containerRef(instancePartName(checkedUuid(uuid), part));
}

function checkedUuid(uuid: string): string {
  if (isUuid(uuid)) return uuid;
  throw new InvalidInput(`${JSON.stringify(uuid)} is not the uuid of an instance`);
}

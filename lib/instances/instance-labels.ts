import type { Instance } from '../../interfaces/index.js';
import { label } from '../labels.js';
import { isUuid } from './container-name.js';

/** What a container's labels say of the instance it is. */
export interface InstanceRecord {
  readonly host: string;
  readonly uuid: string;
  readonly name: string;
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly root_gb: number;
  /** Whether the spawn that made it was to start it. */
  readonly power_on: boolean;
  /** Which attempt to spawn made it. */
  readonly attempt: string;
}

/** One attempt to make an instance: what it makes can be told from what was there before, and from what another attempt makes. */
export interface SpawnAttempt {
  /** The compute host that tries. */
  readonly host: string;
  /** Not that of any other attempt. */
  readonly id: string;
  /** Whether the instance is to be started. */
  readonly power_on: boolean;
}

/**
 * The labels of an instance's container. All are always set: a container inherits the labels of its image, and an image must not be
 * able to add one of ours.
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
    [label.vcpus]: String(instance.flavor.vcpus),
    [label.memoryMb]: String(instance.flavor.memory_mb),
    [label.rootGb]: String(instance.flavor.root_gb),
    [label.powerOn]: String(attempt.power_on),
    [label.attempt]: attempt.id,
    [label.networkId]: '',
  };
}

/**
 * Reads what {@link instanceLabels} wrote.
 *
 * @returns undefined when the labels are not those of an instance.
 */
export function instanceRecord(labels: Readonly<Record<string, string>>): InstanceRecord | undefined {
  const host = labels[label.host];
  const uuid = labels[label.instanceUuid];
  const name = labels[label.instanceName];
  if (host === undefined || uuid === undefined || name === undefined) return undefined;
  if (host === '' || !isUuid(uuid)) return undefined;
  const [vcpus, memory_mb, root_gb] = [label.vcpus, label.memoryMb, label.rootGb].map((key) =>
    Number(labels[key]),
  );
  if (!isCount(vcpus) || !isCount(memory_mb) || !isCount(root_gb)) return undefined;
  return {
    host,
    uuid,
    name,
    vcpus,
    memory_mb,
    root_gb,
    power_on: labels[label.powerOn] === 'true',
    attempt: labels[label.attempt] ?? '',
  };
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value);
}

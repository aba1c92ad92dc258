/**
 * The one place that knows what the driver writes on the containers, networks and images that it owns. All that a
 * restarted driver must know stands in these labels.
 */

const prefix = 'nova-docker-driver';

/** The names of our labels. */
export const label = {
  /** The compute host the object belongs to. Two hosts on one engine never touch each other's. */
  host: `${prefix}.host`,
  /** Nova's uuid of the instance. */
  instanceUuid: `${prefix}.instance.uuid`,
  /** Nova's name of the instance. */
  instanceName: `${prefix}.instance.name`,
  projectId: `${prefix}.instance.project_id`,
  userId: `${prefix}.instance.user_id`,
  /** The id of the image the instance was booted from. */
  imageId: `${prefix}.instance.image_id`,
  vcpus: `${prefix}.flavor.vcpus`,
  memoryMb: `${prefix}.flavor.memory_mb`,
  rootGb: `${prefix}.flavor.root_gb`,
  ephemeralGb: `${prefix}.flavor.ephemeral_gb`,
  /** `true` when the spawn that made the container was to start it: one that never ran is then half-made. */
  powerOn: `${prefix}.spawn.power_on`,
  /** Which attempt to spawn made the container: tells our own lost answer from somebody else's container. */
  attempt: `${prefix}.spawn.attempt`,
  /** What a note is about, see `InstanceStateStore`. */
  note: `${prefix}.note`,
  /**
   * When the container that a note of a suspension is about had been started: after another start it is out of date.
   */
  suspendedRun: `${prefix}.suspended.run`,
  /** On the note of a requested stop: when the container had been started. After another start the note is void. */
  stoppedRun: `${prefix}.stopped.run`,
  /** The container that a note of a resize is about: another one that the instance gets has nothing to do with it. */
  resizedContainer: `${prefix}.resize.container`,
  /** The limits that a resized container had before. */
  limitsBefore: `${prefix}.resize.limits`,
  /** On a rescue container: the id of the container that it stands in for. */
  rescuedContainer: `${prefix}.rescue.container`,
  /** On a rescue container: the instance's interfaces, as Nova gave them. */
  rescuedNetworks: `${prefix}.rescue.network_info`,
  /** On an image of an instance's own files: bytes of the image that the instance was booted from first. */
  bootedBytes: `${prefix}.image.booted_bytes`,
  /** On an image that was committed: the tag that it gets. An engine that gives up the commit may leave it without. */
  temporary: `${prefix}.temporary`,
  /** Neutron's id of the network. */
  networkId: `${prefix}.network.id`,
} as const;

const names: ReadonlySet<string> = new Set(Object.values(label));

/** Whether a label is one of ours. */
export function isOwnLabel(name: string): boolean {
  return names.has(name);
}

/** The volume whose labels say since when the images of an engine have been unused, for all of its hosts. */
export const imageCacheVolume = `${prefix}.image-cache`;

/** The beginning of a label of that volume: what follows is the image's id. */
export const unusedSince = `${prefix}.unused_since.`;

/**
 * A registry that cannot exist (RFC 2606): nobody can publish what our names would bring when somebody pulls them, or
 * builds upon them.
 */
const registry = `${prefix}.invalid`;

/**
 * The repositories that the driver keeps its images under; their tags are image ids, or random while work is under way.
 */
export const repository = {
  /** Images that instances boot from; the tag is the id in the image service. */
  image: `${registry}/image`,
  /** What became of an instance's own files when they had to leave their container; the tag is the instance's uuid. */
  instance: `${registry}/instance`,
  /** Images that are being loaded and are not verified yet. */
  loading: `${registry}/loading`,
  /** Containers that were committed and are on their way to the image service. */
  snapshot: `${registry}/snapshot`,
} as const;

/**
 * The name of an instance's container. It follows from the uuid, so that every verb reaches the container without
 * looking it up.
 */
export function instanceContainerName(uuid: string): string {
  return `nova-${uuid}`;
}

/**
 * The name of a further container of an instance: one that is being made, or is kept for a while.
 *
 * @param part - what it is; lower-case letters.
 */
export function instancePartName(uuid: string, part: string): string {
  return `${instanceContainerName(uuid)}.${part}`;
}

/** Whether a container bears the name of an instance, or of a part of one, see {@link instancePartName}. */
export function isOfInstance(uuid: string, names: readonly string[]): boolean {
  const name = `/${instanceContainerName(uuid)}`;
  return names.some((given) => given === name || given.startsWith(`${name}.`));
}

/** The name of the engine's network for one of Nova's. */
export function engineNetworkName(network_id: string): string {
  return `nova-${network_id}`;
}

/**
 * The uuid of the instance that a container is.
 *
 * Labels alone do not make an instance: somebody may run an image that was committed from one and has its labels. The
 * container's name must be the one that the uuid gives.
 *
 * @param names - the container's names, with the engine's leading slash.
 * @returns in lower case, as everywhere in the driver; undefined when the container is no instance.
 */
export function instanceUuid(
  labels: Readonly<Record<string, string>>,
  names: readonly string[],
): string | undefined {
  const uuid = labels[label.instanceUuid]?.toLowerCase();
  return uuid !== undefined && names.includes(`/${instanceContainerName(uuid)}`) ? uuid : undefined;
}

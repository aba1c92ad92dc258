/**
 * The one place that defines the names of the driver's labels, containers, networks and images. The driver keeps its
 * persistent state in these labels and recovers it from them after a restart.
 */

const prefix = 'nova-docker-driver';

/** The names of the driver's labels. */
export const label = {
  /**
   * The compute host that owns the object. Several hosts may share an engine; each one changes only its own objects.
   */
  host: `${prefix}.host`,
  /** Nova's UUID of the instance. */
  instanceUuid: `${prefix}.instance.uuid`,
  /** Nova's name of the instance. */
  instanceName: `${prefix}.instance.name`,
  projectId: `${prefix}.instance.project_id`,
  userId: `${prefix}.instance.user_id`,
  /** The id of the image that the instance was booted from. */
  imageId: `${prefix}.instance.image_id`,
  vcpus: `${prefix}.flavor.vcpus`,
  memoryMb: `${prefix}.flavor.memory_mb`,
  rootGb: `${prefix}.flavor.root_gb`,
  ephemeralGb: `${prefix}.flavor.ephemeral_gb`,
  /** `true` when spawn was to start the container. If that container never ran, the spawn did not finish. */
  powerOn: `${prefix}.spawn.power_on`,
  /** A random id of the spawn attempt. After a lost answer it identifies the container that this attempt created. */
  attempt: `${prefix}.spawn.attempt`,
  /** The kind of state that an `InstanceStateStore` object holds. */
  stateKind: `${prefix}.note`,
  /** Suspension state: the container's start time when it was suspended. After another start the state is stale. */
  suspendedRun: `${prefix}.suspended.run`,
  /** State of a snapshot's pause: the container's start time when the driver paused it. */
  snapshotPauseRun: `${prefix}.still.run`,
  /** Requested-stop state: the container's start time when it was stopped. After another start the state is stale. */
  stoppedRun: `${prefix}.stopped.run`,
  /** Resize state: the id of the resized container. The state does not apply to a later container of the instance. */
  resizedContainer: `${prefix}.resize.container`,
  /** Resize state: the container's limits before the resize. */
  limitsBefore: `${prefix}.resize.limits`,
  /** On a rescue container: the id of the container that it replaces. */
  rescuedContainer: `${prefix}.rescue.container`,
  /** On a rescue container: the `network_info` that Nova passed. */
  rescuedNetworks: `${prefix}.rescue.network_info`,
  /** The instance's interfaces as they were requested when the container was created. */
  interfaces: `${prefix}.instance.interfaces`,
  /** On an image of an instance's files: the size in bytes of the image that the instance first booted from. */
  bootedBytes: `${prefix}.image.booted_bytes`,
  /**
   * On a committed image: the tag that it is to get. An engine whose commit is aborted may leave the image untagged.
   */
  temporary: `${prefix}.temporary`,
  /** Neutron's id of the network. */
  networkId: `${prefix}.network.id`,
} as const;

/** The option of an endpoint that records what was requested for an interface of an existing container. */
export const interfaceOption = `${prefix}.interface`;

/**
 * Whether the label's name is reserved for the driver. All names with the prefix are, so that an image that is cached
 * now cannot have a label of a later version.
 */
export function isOwnLabel(name: string): boolean {
  return name.startsWith(`${prefix}.`);
}

/**
 * On an image in containerd's store: the annotation that repeats the image's manifest. Engines show it where the label
 * of an image would be inherited by its containers.
 */
export const manifestAnnotation = `${prefix}.manifest`;

/** The volume whose labels record since when each cached image has been unused. All hosts of an engine share it. */
export const imageCacheVolume = `${prefix}.image-cache`;

/** The prefix of that volume's label names. The image's id follows. */
export const unusedSince = `${prefix}.unused_since.`;

/**
 * A registry under a reserved top-level domain (RFC 2606), so it can never exist. An attacker cannot publish an image
 * that a pull of one of the driver's names, or a build from it, would fetch.
 */
const registry = `${prefix}.invalid`;

/** The repositories of the driver's images. A tag is an image id, an instance UUID, or random for work in progress. */
export const repository = {
  /** Images that instances boot from. The tag is the id in the image service. */
  image: `${registry}/image`,
  /**
   * An instance's files after they were moved out of its container, for instance to another engine. The tag is the
   * UUID.
   */
  instance: `${registry}/instance`,
  /** Images that are being loaded and are not yet verified. */
  loading: `${registry}/loading`,
  /** Committed containers that are being uploaded to the image service. */
  snapshot: `${registry}/snapshot`,
} as const;

/** The repository, at a registry of the driver's own, that the engine pushes committed containers to. The tag is random. */
export const pushedRepository = `${prefix}/snapshot`;

/**
 * The name of an instance's container. It is derived from the UUID, so that a verb can address the container without a
 * lookup.
 */
export function instanceContainerName(uuid: string): string {
  return `nova-${uuid}`;
}

/**
 * The name of a secondary container of an instance: under construction, or kept for a while.
 *
 * @param part - the container's role, in lower-case letters.
 */
export function instancePartName(uuid: string, part: string): string {
  return `${instanceContainerName(uuid)}.${part}`;
}

/**
 * Whether one of a container's names is the instance's, or that of a secondary container, see {@link instancePartName}.
 */
export function isOfInstance(uuid: string, names: readonly string[]): boolean {
  const name = `/${instanceContainerName(uuid)}`;
  return names.some((given) => given === name || given.startsWith(`${name}.`));
}

/** The name of the engine's network for a Neutron network. */
export function engineNetworkName(network_id: string): string {
  return `nova-${network_id}`;
}

/**
 * The UUID of the instance that a container belongs to.
 *
 * Labels alone are no proof: a container of an image that was committed from an instance inherits its labels. The
 * container's name must therefore match the UUID.
 *
 * @param names - the container's names, with the engine's leading slash.
 * @returns the UUID in lower case, as everywhere in the driver; undefined when the container is not an instance.
 */
export function instanceUuid(
  labels: Readonly<Record<string, string>>,
  names: readonly string[],
): string | undefined {
  const uuid = labels[label.instanceUuid]?.toLowerCase();
  return uuid !== undefined && names.includes(`/${instanceContainerName(uuid)}`) ? uuid : undefined;
}

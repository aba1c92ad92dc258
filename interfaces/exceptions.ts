/**
 * Nova's exceptions, under Nova's names (nova/exception.py). Which one a verb throws decides what an orchestrator
 * does next: abort, try another host, release addresses.
 */

/** What an exception may carry beside its message. */
export interface NovaExceptionOptions {
  /** The error that led to this one: an engine's answer, a broken connection, another exception. */
  readonly cause?: unknown;
  /** The instance the verb was about. */
  readonly instance_uuid?: string;
}

/** The root of what the verbs throw; the engine's own errors are its `cause`. Nova: `NovaException`. */
export class NovaException extends Error {
  override readonly name: string;
  /** The instance the verb was about, where there is one. */
  readonly instance_uuid: string | undefined;

  constructor(message: string, options: NovaExceptionOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.instance_uuid = options.instance_uuid;
  }
}

/** A verb, or a use of it, that this driver does not offer. Python's `NotImplementedError`, as Nova uses it. */
export class NotImplementedError extends NovaException {}

/** What the caller handed over cannot be used. Never retried on another host. */
export class InvalidInput extends NovaException {}

/** There is no such instance on this host. */
export class InstanceNotFound extends NovaException {}
/** The instance's name is taken by a container that is already an instance. */
export class InstanceExists extends NovaException {}
/** The verb needs an instance that runs (Nova: `InstanceNotRunning`). */
export class InstanceNotRunning extends NovaException {}
/** The instance is in a state in which the verb makes no sense. */
export class InstanceInvalidState extends NovaException {}
/** The instance could not be stopped; Nova then keeps its addresses reserved. */
export class InstancePowerOffFailure extends NovaException {}
/** The instance could not be started. */
export class InstancePowerOnFailure extends NovaException {}
/** The instance could not be rebooted. */
export class InstanceRebootFailure extends NovaException {}
/** The instance could not be suspended. */
export class InstanceSuspendFailure extends NovaException {}
/** The instance could not be resumed. */
export class InstanceResumeFailure extends NovaException {}
/** The instance could not be removed. */
export class InstanceTerminationFailure extends NovaException {}
/** The instance cannot be rescued. */
export class InstanceNotRescuable extends NovaException {}
/** The instance could not be deployed for a reason that another host may not share. */
export class InstanceDeployFailure extends NovaException {}

/** The instance could not be moved to another host, or given another flavor. */
export class MigrationError extends NovaException {}
/** The same, found out before anything was done. */
export class MigrationPreCheckError extends MigrationError {}
/** The instance cannot have the flavor that it is to have. */
export class ResizeError extends NovaException {}
/** A verb failed, and the instance is as it was before: Nova leaves its state as it is. */
export class InstanceFaultRollback extends NovaException {
  /** Why it failed. */
  readonly inner_exception: NovaException;

  constructor(inner_exception: NovaException, options: NovaExceptionOptions = {}) {
    super(`Instance rollback performed due to: ${inner_exception.message}`, {
      cause: inner_exception,
      ...options,
    });
    this.inner_exception = inner_exception;
  }
}

/** This host cannot give what the instance asks for; another host may. */
export class ComputeResourcesUnavailable extends NovaException {}
/** The engine does not answer, or not in a way that can be used. */
export class HypervisorUnavailable extends NovaException {}
/** The host has no such compute node. */
export class ComputeHostNotFound extends NovaException {}

/** The image service has no such image, or hides it from the caller. */
export class ImageNotFound extends NovaException {}
/** The image exists and has no data to boot from (queued, deactivated, deleted, …). */
export class ImageNotActive extends NovaException {}
/** The image cannot be booted; the message says what is wrong with it. */
export class ImageUnacceptable extends NovaException {}
/** The caller may not read or change the image. */
export class ImageNotAuthorized extends NovaException {}
/** The image is protected or otherwise may not be deleted. */
export class ImageDeleteConflict extends NovaException {}
/** A quota of the image service is exhausted. */
export class ImageQuotaExceeded extends NovaException {}
/** The image's signature does not verify. */
export class SignatureVerificationError extends NovaException {}
/** No image service answered. */
export class GlanceConnectionFailed extends NovaException {}
/** The image needs a larger disk than the flavor has. */
export class FlavorDiskTooSmall extends NovaException {}
/** The image needs more memory than the flavor has. */
export class FlavorMemoryTooSmall extends NovaException {}

/** An interface could not be made. */
export class VirtualInterfaceCreateException extends NovaException {}
/** An interface cannot have the MAC address it was given. */
export class VirtualInterfaceMacAddressException extends NovaException {}
/** The fixed address cannot be used on this host. */
export class FixedIpInvalidOnHost extends NovaException {}
/** An interface could not be attached to the instance. */
export class InterfaceAttachFailed extends NovaException {}
/** An interface could not be detached from the instance. */
export class InterfaceDetachFailed extends NovaException {}
/** The instance's image has no administrator password that could be set. */
export class SetAdminPasswdNotSupported extends NovaException {}
/** This kind of console is not offered. */
export class ConsoleTypeUnavailable extends NovaException {}
/** What the instance has printed is not kept where it could be read. */
export class ConsoleNotAvailable extends NovaException {}
/** None of the ports that may be used is free. */
export class SocketPortRangeExhaustedException extends NovaException {}
/** The instance is not in a state to be asked for this, and may be later. */
export class InstanceNotReady extends NovaException {}

/** This host has no way to reach volumes of this kind; another host may. */
export class VolumeDriverNotFound extends NovaException {}
/** The volume is encrypted, and this driver cannot decrypt it. Never retried on another host. */
export class VolumeEncryptionNotSupported extends NovaException {}
/** There is no such volume. */
export class VolumeNotFound extends NovaException {}
/** The volume could not be attached to the instance. */
export class VolumeAttachFailed extends NovaException {}
/** The device could not be detached from the instance; Nova then takes back that it is being detached. */
export class DeviceDetachFailed extends NovaException {}
/** The instance has no such disk. Nova takes a volume that it is told so of for detached. */
export class DiskNotFound extends NovaException {}

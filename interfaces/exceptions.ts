/**
 * Nova's exceptions, under Nova's names (nova/exception.py). An orchestrator decides by the class what to do next:
 * abort, try another host, or release addresses.
 */

/** The options of an exception. */
export interface NovaExceptionOptions {
  /** The error that caused this one: an engine's answer, a broken connection, another exception. */
  readonly cause?: unknown;
  /** The uuid of the verb's instance. */
  readonly instance_uuid?: string;
}

/** The base class of what the verbs throw. Errors of the engine are its `cause`. Nova: `NovaException`. */
export class NovaException extends Error {
  override readonly name: string;
  /** The uuid of the verb's instance, if the verb has one. */
  readonly instance_uuid: string | undefined;

  constructor(message: string, options: NovaExceptionOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.instance_uuid = options.instance_uuid;
  }
}

/** This driver does not offer the verb, or this use of it. Python's `NotImplementedError`, as Nova uses it. */
export class NotImplementedError extends NovaException {}

/** An argument is invalid. Never retried on another host. */
export class InvalidInput extends NovaException {}

/** This host has no such instance. */
export class InstanceNotFound extends NovaException {}
/** A container that is already an instance has the instance's name. */
export class InstanceExists extends NovaException {}
/** The verb requires a running instance. Nova: `InstanceNotRunning`. */
export class InstanceNotRunning extends NovaException {}
/** The instance's state does not allow the verb. */
export class InstanceInvalidState extends NovaException {}
/** The instance could not be stopped. Nova then keeps its addresses reserved. */
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
/** The instance could not be deployed, for a reason that may not apply to another host. */
export class InstanceDeployFailure extends NovaException {}

/** The instance could not be moved to another host, or resized to another flavor. */
export class MigrationError extends NovaException {}
/** Like {@link MigrationError}, but detected before anything was changed. */
export class MigrationPreCheckError extends MigrationError {}
/** The instance cannot be resized to the requested flavor. */
export class ResizeError extends NovaException {}
/** The verb failed and was rolled back: the instance is as it was before, and Nova leaves its state unchanged. */
export class InstanceFaultRollback extends NovaException {
  /** The failure that led to the rollback. */
  readonly inner_exception: NovaException;

  constructor(inner_exception: NovaException, options: NovaExceptionOptions = {}) {
    super(`Instance rollback performed due to: ${inner_exception.message}`, {
      cause: inner_exception,
      ...options,
    });
    this.inner_exception = inner_exception;
  }
}

/** This host cannot provide the resources that the instance requests. Another host may. */
export class ComputeResourcesUnavailable extends NovaException {}
/** The engine does not answer, or its answer is unusable. */
export class HypervisorUnavailable extends NovaException {}
/** This host has no compute node of that name. */
export class ComputeHostNotFound extends NovaException {}

/** The image service has no such image, or hides it from the caller. */
export class ImageNotFound extends NovaException {}
/** The image exists but has no data to boot from (queued, deactivated, deleted, …). */
export class ImageNotActive extends NovaException {}
/** The image cannot be booted. The message names the defect. */
export class ImageUnacceptable extends NovaException {}
/** The caller is not allowed to read or change the image. */
export class ImageNotAuthorized extends NovaException {}
/** The image is protected, or cannot be deleted for another reason. */
export class ImageDeleteConflict extends NovaException {}
/** A quota of the image service is exceeded. */
export class ImageQuotaExceeded extends NovaException {}
/** The image's signature is invalid. */
export class SignatureVerificationError extends NovaException {}
/** No image service answered. */
export class GlanceConnectionFailed extends NovaException {}
/** The image needs a larger disk than the flavor provides. */
export class FlavorDiskTooSmall extends NovaException {}
/** The image needs more memory than the flavor provides. */
export class FlavorMemoryTooSmall extends NovaException {}

/** An interface could not be created. */
export class VirtualInterfaceCreateException extends NovaException {}
/** An interface cannot have its assigned MAC address. */
export class VirtualInterfaceMacAddressException extends NovaException {}
/** The fixed address cannot be used on this host. */
export class FixedIpInvalidOnHost extends NovaException {}
/** An interface could not be attached to the instance. */
export class InterfaceAttachFailed extends NovaException {}
/** An interface could not be detached from the instance. */
export class InterfaceDetachFailed extends NovaException {}
/** The instance's image has no administrator account whose password could be set. */
export class SetAdminPasswdNotSupported extends NovaException {}
/** This kind of console is not available. */
export class ConsoleTypeUnavailable extends NovaException {}
/** The instance's output is not stored in a place where the engine can read it. */
export class ConsoleNotAvailable extends NovaException {}
/** All ports of the configured range are in use. */
export class SocketPortRangeExhaustedException extends NovaException {}
/** The instance's state does not allow the request yet. It may later. */
export class InstanceNotReady extends NovaException {}

/** This host cannot mount volumes of this kind. Another host may. */
export class VolumeDriverNotFound extends NovaException {}
/** The volume is encrypted, and this driver cannot decrypt it. Never retried on another host. */
export class VolumeEncryptionNotSupported extends NovaException {}
/** There is no such volume. */
export class VolumeNotFound extends NovaException {}
/** The volume could not be attached to the instance. */
export class VolumeAttachFailed extends NovaException {}
/** The device could not be detached from the instance. Nova then marks the volume as in use again. */
export class DeviceDetachFailed extends NovaException {}
/** The instance has no such disk. Nova then considers the volume detached. */
export class DiskNotFound extends NovaException {}

import { NovaException, type NovaExceptionOptions } from './nova-exception.js';

/**
 * Nova's exceptions, under Nova's names (nova/exception.py). An orchestrator decides by the class what to do next:
 * abort, try another host, or release addresses.
 */

/** This driver does not offer the verb, or this use of it. Python's `NotImplementedError`, as Nova uses it. */
export class NotImplementedError extends NovaException {
  override readonly name = 'NotImplementedError';
  override readonly code = 'NOT_IMPLEMENTED_ERROR';
}

/** An argument is invalid. Never retried on another host. */
export class InvalidInput extends NovaException {
  override readonly name = 'InvalidInput';
  override readonly code = 'INVALID_INPUT';
}

/** This host has no such instance. */
export class InstanceNotFound extends NovaException {
  override readonly name = 'InstanceNotFound';
  override readonly code = 'INSTANCE_NOT_FOUND';
}
/** A container has the instance's name already: the instance's, on this or another host, or a foreign one. */
export class InstanceExists extends NovaException {
  override readonly name = 'InstanceExists';
  override readonly code = 'INSTANCE_EXISTS';
}
/** The verb requires a running instance. Nova: `InstanceNotRunning`. */
export class InstanceNotRunning extends NovaException {
  override readonly name = 'InstanceNotRunning';
  override readonly code = 'INSTANCE_NOT_RUNNING';
}
/** The instance's state does not allow the verb. */
export class InstanceInvalidState extends NovaException {
  override readonly name = 'InstanceInvalidState';
  override readonly code = 'INSTANCE_INVALID_STATE';
}
/** The instance could not be stopped. Nova then keeps its addresses reserved. */
export class InstancePowerOffFailure extends NovaException {
  override readonly name = 'InstancePowerOffFailure';
  override readonly code = 'INSTANCE_POWER_OFF_FAILURE';
}
/** The instance could not be started. */
export class InstancePowerOnFailure extends NovaException {
  override readonly name = 'InstancePowerOnFailure';
  override readonly code = 'INSTANCE_POWER_ON_FAILURE';
}
/** The instance could not be rebooted. */
export class InstanceRebootFailure extends NovaException {
  override readonly name = 'InstanceRebootFailure';
  override readonly code = 'INSTANCE_REBOOT_FAILURE';
}
/** The instance could not be suspended. */
export class InstanceSuspendFailure extends NovaException {
  override readonly name = 'InstanceSuspendFailure';
  override readonly code = 'INSTANCE_SUSPEND_FAILURE';
}
/** The instance could not be resumed. */
export class InstanceResumeFailure extends NovaException {
  override readonly name = 'InstanceResumeFailure';
  override readonly code = 'INSTANCE_RESUME_FAILURE';
}
/** The instance could not be removed. */
export class InstanceTerminationFailure extends NovaException {
  override readonly name = 'InstanceTerminationFailure';
  override readonly code = 'INSTANCE_TERMINATION_FAILURE';
}
/** The instance cannot be rescued. */
export class InstanceNotRescuable extends NovaException {
  override readonly name = 'InstanceNotRescuable';
  override readonly code = 'INSTANCE_NOT_RESCUABLE';
}
/** The instance could not be deployed, for a reason that may not apply to another host. */
export class InstanceDeployFailure extends NovaException {
  override readonly name = 'InstanceDeployFailure';
  override readonly code = 'INSTANCE_DEPLOY_FAILURE';
}

/** The instance could not be moved to another host, or resized to another flavor. */
export class MigrationError extends NovaException {
  override readonly name: string = 'MigrationError';
  override readonly code: string = 'MIGRATION_ERROR';
}
/** Like {@link MigrationError}, but detected before anything was changed. */
export class MigrationPreCheckError extends MigrationError {
  override readonly name = 'MigrationPreCheckError';
  override readonly code = 'MIGRATION_PRE_CHECK_ERROR';
}
/** The instance cannot be resized to the requested flavor. */
export class ResizeError extends NovaException {
  override readonly name = 'ResizeError';
  override readonly code = 'RESIZE_ERROR';
}
/** The verb failed and was rolled back: the instance is as it was before, and Nova leaves its state unchanged. */
export class InstanceFaultRollback extends NovaException {
  override readonly name = 'InstanceFaultRollback';
  override readonly code = 'INSTANCE_FAULT_ROLLBACK';
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
export class ComputeResourcesUnavailable extends NovaException {
  override readonly name = 'ComputeResourcesUnavailable';
  override readonly code = 'COMPUTE_RESOURCES_UNAVAILABLE';
}
/** The engine does not answer, or its answer is unusable. */
export class HypervisorUnavailable extends NovaException {
  override readonly name = 'HypervisorUnavailable';
  override readonly code = 'HYPERVISOR_UNAVAILABLE';
}
/** This host has no compute node of that name. */
export class ComputeHostNotFound extends NovaException {
  override readonly name = 'ComputeHostNotFound';
  override readonly code = 'COMPUTE_HOST_NOT_FOUND';
}

/** The image service has no such image, or hides it from the caller. */
export class ImageNotFound extends NovaException {
  override readonly name = 'ImageNotFound';
  override readonly code = 'IMAGE_NOT_FOUND';
}
/** The image exists but has no data to boot from (queued, deactivated, deleted, …). */
export class ImageNotActive extends NovaException {
  override readonly name = 'ImageNotActive';
  override readonly code = 'IMAGE_NOT_ACTIVE';
}
/** The image cannot be booted. The message names the defect. */
export class ImageUnacceptable extends NovaException {
  override readonly name = 'ImageUnacceptable';
  override readonly code = 'IMAGE_UNACCEPTABLE';
}
/** The caller is not allowed to read or change the image. */
export class ImageNotAuthorized extends NovaException {
  override readonly name = 'ImageNotAuthorized';
  override readonly code = 'IMAGE_NOT_AUTHORIZED';
}
/** The image is protected, or cannot be deleted for another reason. */
export class ImageDeleteConflict extends NovaException {
  override readonly name = 'ImageDeleteConflict';
  override readonly code = 'IMAGE_DELETE_CONFLICT';
}
/** A quota of the image service is exceeded. */
export class ImageQuotaExceeded extends NovaException {
  override readonly name = 'ImageQuotaExceeded';
  override readonly code = 'IMAGE_QUOTA_EXCEEDED';
}
/** The image's signature is invalid. */
export class SignatureVerificationError extends NovaException {
  override readonly name = 'SignatureVerificationError';
  override readonly code = 'SIGNATURE_VERIFICATION_ERROR';
}
/** No image service answered. */
export class GlanceConnectionFailed extends NovaException {
  override readonly name = 'GlanceConnectionFailed';
  override readonly code = 'GLANCE_CONNECTION_FAILED';
}
/** The image needs a larger disk than the flavor provides. */
export class FlavorDiskTooSmall extends NovaException {
  override readonly name = 'FlavorDiskTooSmall';
  override readonly code = 'FLAVOR_DISK_TOO_SMALL';
}
/** The image needs more memory than the flavor provides. */
export class FlavorMemoryTooSmall extends NovaException {
  override readonly name = 'FlavorMemoryTooSmall';
  override readonly code = 'FLAVOR_MEMORY_TOO_SMALL';
}

/** An interface could not be created. */
export class VirtualInterfaceCreateException extends NovaException {
  override readonly name = 'VirtualInterfaceCreateException';
  override readonly code = 'VIRTUAL_INTERFACE_CREATE_EXCEPTION';
}
/** An interface cannot have its assigned MAC address. */
export class VirtualInterfaceMacAddressException extends NovaException {
  override readonly name = 'VirtualInterfaceMacAddressException';
  override readonly code = 'VIRTUAL_INTERFACE_MAC_ADDRESS_EXCEPTION';
}
/** The fixed address cannot be used on this host. */
export class FixedIpInvalidOnHost extends NovaException {
  override readonly name = 'FixedIpInvalidOnHost';
  override readonly code = 'FIXED_IP_INVALID_ON_HOST';
}
/** An interface could not be attached to the instance. */
export class InterfaceAttachFailed extends NovaException {
  override readonly name = 'InterfaceAttachFailed';
  override readonly code = 'INTERFACE_ATTACH_FAILED';
}
/** An interface could not be detached from the instance. */
export class InterfaceDetachFailed extends NovaException {
  override readonly name = 'InterfaceDetachFailed';
  override readonly code = 'INTERFACE_DETACH_FAILED';
}
/** The instance's image has no administrator account whose password could be set. */
export class SetAdminPasswdNotSupported extends NovaException {
  override readonly name = 'SetAdminPasswdNotSupported';
  override readonly code = 'SET_ADMIN_PASSWD_NOT_SUPPORTED';
}
/** This kind of console is not available. */
export class ConsoleTypeUnavailable extends NovaException {
  override readonly name = 'ConsoleTypeUnavailable';
  override readonly code = 'CONSOLE_TYPE_UNAVAILABLE';
}
/** The instance's output is not stored in a place where the engine can read it. */
export class ConsoleNotAvailable extends NovaException {
  override readonly name = 'ConsoleNotAvailable';
  override readonly code = 'CONSOLE_NOT_AVAILABLE';
}
/** All ports of the configured range are in use. */
export class SocketPortRangeExhaustedException extends NovaException {
  override readonly name = 'SocketPortRangeExhaustedException';
  override readonly code = 'SOCKET_PORT_RANGE_EXHAUSTED_EXCEPTION';
}
/** The instance's state does not allow the request yet. It may later. */
export class InstanceNotReady extends NovaException {
  override readonly name = 'InstanceNotReady';
  override readonly code = 'INSTANCE_NOT_READY';
}

/** This host cannot mount volumes of this kind. Another host may. */
export class VolumeDriverNotFound extends NovaException {
  override readonly name = 'VolumeDriverNotFound';
  override readonly code = 'VOLUME_DRIVER_NOT_FOUND';
}
/** The volume is encrypted, and this driver cannot decrypt it. Never retried on another host. */
export class VolumeEncryptionNotSupported extends NovaException {
  override readonly name = 'VolumeEncryptionNotSupported';
  override readonly code = 'VOLUME_ENCRYPTION_NOT_SUPPORTED';
}
/** There is no such volume. */
export class VolumeNotFound extends NovaException {
  override readonly name = 'VolumeNotFound';
  override readonly code = 'VOLUME_NOT_FOUND';
}
/** The volume could not be attached to the instance. */
export class VolumeAttachFailed extends NovaException {
  override readonly name = 'VolumeAttachFailed';
  override readonly code = 'VOLUME_ATTACH_FAILED';
}
/** The device could not be detached from the instance. Nova then marks the volume as in use again. */
export class DeviceDetachFailed extends NovaException {
  override readonly name = 'DeviceDetachFailed';
  override readonly code = 'DEVICE_DETACH_FAILED';
}
/** The instance has no such disk. Nova then considers the volume detached. */
export class DiskNotFound extends NovaException {
  override readonly name = 'DiskNotFound';
  override readonly code = 'DISK_NOT_FOUND';
}

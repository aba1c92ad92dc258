import { DriverError, isDriverError } from './driver-error.js';

/** The options of an exception. */
export interface NovaExceptionOptions {
  /** The error that caused this one: an engine's answer, a broken connection, another exception. */
  readonly cause?: unknown;
  /** The uuid of the verb's instance. */
  readonly instance_uuid?: string;
}

const brand = Symbol.for('nova-docker-driver.NovaException');

/** The base class of what the verbs throw. Errors of the engine are its `cause`. Nova: `NovaException`. */
export class NovaException extends DriverError {
  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  override readonly name: string = 'NovaException';
  override readonly code: string = 'NOVA_EXCEPTION';
  /** The uuid of the verb's instance, if the verb has one. */
  readonly instance_uuid: string | undefined;

  constructor(message: string, options: NovaExceptionOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.instance_uuid = options.instance_uuid;
  }
}

/**
 * Whether an error is a {@link NovaException}, also of another copy of the package, where `instanceof` is false.
 * Compare its `code` to tell the exceptions apart.
 */
export function isNovaException(error: unknown): error is NovaException {
  return isDriverError(error) && Reflect.get(error, brand) === true;
}

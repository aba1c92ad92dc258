const brand = Symbol.for('nova-docker-driver.error');

/**
 * The base class of all errors of this library. `name` and `code` are constants of each class: a minifier, which
 * renames classes, does not change them.
 */
export abstract class DriverError extends Error {
  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  /** The name of the class. */
  abstract override readonly name: string;
  /** The name of the class in upper case with underscores: `INSTANCE_NOT_FOUND`. */
  abstract readonly code: string;
}

/**
 * Whether an error is one of this library, also of another copy of the package, whose classes are different objects.
 */
export function isDriverError(error: unknown): error is DriverError {
  return typeof error === 'object' && error !== null && Reflect.get(error, brand) === true;
}

import { NovaException, type NovaExceptionOptions } from '../../../interfaces/index.js';

/** Where an image was to come from, or go to, cannot be used: a server, a registry, an engine that builds or pulls. */
export class ImageSourceError extends NovaException {
  /** The HTTP status that a server answered with. */
  readonly status: number | undefined;

  constructor(message: string, options: NovaExceptionOptions & { readonly status?: number } = {}) {
    const { status, ...rest } = options;
    super(message, rest);
    this.status = status;
  }
}

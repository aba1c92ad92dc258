import type { z } from 'zod';
import type {
  ImageMeta,
  Instance,
  LongRunningOptions,
  OnProgress,
  RequestContext,
} from '../../../interfaces/index.js';
import type { VerbFailure } from '../../instances/index.js';
import type { ComputeNode } from './compute-node.js';

/** The positional arguments of a verb, by Nova's names. */
export interface Subjects {
  /** The verb's instance; absent for a verb that concerns the host. */
  readonly instance?: Instance | undefined;
  readonly [name: string]: unknown;
}

/** The positional arguments of a verb that concerns one instance. */
export type OfInstance = Readonly<Record<'instance', Instance>>;

/** The positional arguments of a verb that boots an instance from an image. */
export type BootSubjects = OfInstance &
  Readonly<Record<'context', RequestContext> & Record<'image_meta', ImageMeta>>;

/** The positional arguments of a verb that concerns the host. */
export type OfHost = Readonly<Partial<Record<'instance', undefined>>>;

/** What the driver adds to the arguments of every verb. */
export interface Controls {
  /** Aborts when the caller's signal aborts, or when the driver leaves the host. */
  readonly signal: AbortSignal;
  /** Never throws. */
  readonly onProgress: OnProgress | undefined;
  /** Lets the next verb on the instance begin, while this one goes on without using the instance. */
  readonly releaseLock: () => void;
  /**
   * Waits for the instance's lock again; no-op while the verb has it.
   *
   * @param until - ends the wait. Default: {@link signal}.
   * @throws the signal's reason when it aborts first.
   */
  readonly acquireLock: (until?: AbortSignal) => Promise<void>;
}

/** The schema of each argument, by its name. */
type Schemas<Arguments> = { readonly [Name in keyof Arguments]: z.ZodType };

/**
 * One verb of Nova's interface. The driver validates the arguments, waits for the lock, runs the verb, and converts
 * what it throws to a Nova exception.
 *
 * @typeParam Given - the positional arguments that the verb reads, by Nova's names.
 */
export interface Verb<Given extends Subjects, Options extends LongRunningOptions, Result> {
  /** What the verb does, for error messages: `power off`. A verb of the host may name its subject. */
  readonly action: string | ((given: Given) => string);
  /** `instance`: waits until all earlier verbs on the instance have ended. `none`: begins at once. */
  readonly lock: 'instance' | 'none';
  /** The exception when the engine refuses. */
  readonly failure: VerbFailure;
  /** How each positional argument is validated, in this order. */
  readonly arguments: Schemas<Given>;
  /** How the verb's own options are validated. Default: they are not. */
  readonly options?: Partial<Schemas<Options>>;
  /** The arguments are valid, and the instance's uuid is in lower case. */
  readonly run: (node: ComputeNode, given: Given & Options & Controls) => Promise<Result>;
}

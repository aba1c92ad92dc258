import type {
  ComputeDriver,
  ImageMeta,
  ImageService,
  Instance,
  LifecycleEvent,
  RequestContext,
  SpawnOptions,
} from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';

/**
 * What the contract suite needs of a driver under test. The suite uses Nova's interface only, so that it
 * runs against any engine, and against any other implementation of `ComputeDriver`.
 */
export interface Harness {
  readonly host: string;
  readonly driver: ComputeDriver;
  /** A second driver for the same host, as after a restart of the process. */
  readonly restart: () => Promise<ComputeDriver>;
  readonly context: RequestContext;
  readonly imageService: ImageService;
  /** An image with a shell, whose command prints `ready` and runs until SIGTERM. */
  readonly image: ImageMeta;
  /** The events that a listener has received. */
  readonly events: readonly LifecycleEvent[];
  /** Spawns a fresh instance. */
  readonly boot: (changes?: Partial<Instance>, options?: SpawnOptions) => Promise<Instance>;
  /**
   * A running instance, which serves several tests one after the other. A test may stop, freeze or restart it, and
   * changes nothing else.
   */
  readonly standing: () => Promise<Instance>;
  /** Runs a shell script as an instance's command, and returns its output once that contains `done`. */
  readonly run: (
    script: string,
    changes?: Partial<Instance>,
    options?: SpawnOptions,
  ) => Promise<{ instance: Instance; output: string }>;
  /** Destroys the instances of `boot` and `run`: what an instance goes on doing slows the next test. */
  readonly tidy: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Milliseconds. Long, because a busy machine must fail no test. */
const maxWaitMs = 120_000;

/** Waits for a condition, which it checks every 20 ms. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + maxWaitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${maxWaitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The whole output of an instance, once its command has ended. */
export async function lastWords({ driver, context }: Harness, instance: Instance): Promise<string> {
  await eventually(
    'the instance has ended',
    async () => (await driver.get_info(instance)).state === power_state.SHUTDOWN,
  );
  return await driver.get_console_output(context, instance);
}

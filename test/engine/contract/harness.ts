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
 * What the contract suite needs of a driver under test. It looks at the driver through Nova's interface only, so that it can be run against any
 * engine, and any other implementation of `ComputeDriver`.
 */
export interface Harness {
  readonly host: string;
  readonly driver: ComputeDriver;
  /** A second driver for the same host: what a restarted process would be. */
  readonly restart: () => Promise<ComputeDriver>;
  readonly context: RequestContext;
  readonly imageService: ImageService;
  /** An image with a shell, whose command prints `ready`, obeys SIGTERM and goes on until then. */
  readonly image: ImageMeta;
  /** Events told to a listener so far. */
  readonly events: readonly LifecycleEvent[];
  /** Spawns a fresh instance. */
  readonly boot: (changes?: Partial<Instance>, options?: SpawnOptions) => Promise<Instance>;
  /** Runs a shell script as an instance's command and returns what it printed when it said `done`. */
  readonly run: (
    script: string,
    changes?: Partial<Instance>,
    options?: SpawnOptions,
  ) => Promise<{ instance: Instance; output: string }>;
  readonly close: () => Promise<void>;
}

/** Milliseconds. Long, because a busy machine must fail no test. */
const longestWait = 120_000;

/** Waits for a condition, which it checks every 20 ms. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + longestWait;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${longestWait} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** All that an instance has printed when its command has come to its end. */
export async function lastWords({ driver, context }: Harness, instance: Instance): Promise<string> {
  await eventually(
    'the instance has ended',
    async () => (await driver.get_info(instance)).state === power_state.SHUTDOWN,
  );
  return await driver.get_console_output(context, instance);
}

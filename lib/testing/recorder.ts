import { ExchangeRecording } from './exchange-recording.js';
import { engineAddress } from './engine-address.js';
import { engineVersion } from './engine-version.js';
import { writeFixture } from './fixture.js';
import type { Exchange, Fixture } from './fixture.js';
import { optionsMustBeSound } from './options.js';
import { startProxy } from './proxy.js';
import { Scrubber } from './scrubbing.js';

const ANSWER_LIMIT = 4 * 1024 * 1024;

/** How to record. */
export interface RecorderOptions {
  /** The engine to record: `unix:///path/of/socket` or `tcp://host:port`. */
  readonly engine: string;
  /** Where to put the recorder's own socket; without it, in a fresh temporary folder. */
  readonly listen?: string;
  /**
   * What else is secret. Registry credentials (`X-Registry-Auth`, `Authorization`, `X-Registry-Config`) and JSON fields
   * named `password`, `auth`, `identitytoken` and `registrytoken` always are.
   */
  readonly scrub?: readonly RegExp[];
  /** How many bytes of one answer a fixture may hold; 4 MiB without it. */
  readonly maxAnswerBytes?: number;
}

/** What a scenario is called. */
export interface ScenarioTitle {
  readonly name: string;
  readonly description?: string;
}

/** A proxy that writes down all that passes between its clients and an engine. */
export interface Recorder {
  /** The address to give to the client, as `DOCKER_HOST` has it. */
  readonly host: string;
  /**
   * What was recorded so far, secrets scrubbed. An exchange still going on counts as given up by the client.
   *
   * @throws RecordingError when an answer was too large to keep.
   */
  exchanges(): Exchange[];
  /**
   * The same as a fixture, for a replay without a file.
   *
   * @throws RecordingError when an answer was too large to keep.
   */
  fixture(title: ScenarioTitle): Fixture;
  /**
   * Writes the fixture to a file, whose folders are made if need be.
   *
   * @throws RecordingError when an answer was too large to keep.
   */
  save(file: string, title: ScenarioTitle): Promise<void>;
  /** Cuts all connections and removes the socket. What was recorded can still be saved. */
  close(): Promise<void>;
}

/**
 * Starts to record.
 *
 * @throws RecordingError when the engine does not tell its version.
 * @throws TypeError when `engine` is no address, or an option is unknown or cannot be used.
 */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  optionsMustBeSound('startRecorder', options);
  const address = engineAddress(options.engine);
  const engine = await engineVersion(options.engine, address);
  const recorded = new Date().toISOString();
  const scrubber = new Scrubber(options.scrub ?? []);
  const recordings: ExchangeRecording[] = [];
  const { host, close } = await startProxy(
    address,
    (asked) => {
      const begun = recordings.length + 1;
      const observer = new ExchangeRecording(
        asked,
        options.maxAnswerBytes ?? ANSWER_LIMIT,
        () => recordings.length - begun,
      );
      recordings.push(observer);
      return { observer };
    },
    options.listen,
  );
  const exchanges = (): Exchange[] => recordings.map((recording) => recording.toExchange(scrubber));
  const fixture = (title: ScenarioTitle): Fixture => ({
    format: 1,
    name: title.name,
    ...(title.description !== undefined && { description: title.description }),
    recorded,
    engine,
    exchanges: exchanges(),
  });
  return { host, exchanges, fixture, save: async (file, title) => writeFixture(file, fixture(title)), close };
}

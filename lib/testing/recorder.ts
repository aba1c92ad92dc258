import { ExchangeRecording } from './exchange-recording.js';
import { engineAddress } from './engine-address.js';
import { engineVersion } from './engine-version.js';
import { writeFixture } from './fixture.js';
import type { Exchange, Fixture } from './fixture.js';
import { validateOptions } from './options.js';
import { startProxy } from './proxy.js';
import { Scrubber } from './scrubbing.js';

const answerLimit = 4 * 1024 * 1024;

/** Options of {@link startRecorder}. */
export interface RecorderOptions {
  /** The engine to record: `unix:///path/of/socket` or `tcp://host:port`. */
  readonly engine: string;
  /** The path of the recorder's own socket; default: in a new temporary directory. */
  readonly listen?: string;
  /**
   * Additional secrets to scrub. Registry credentials (`X-Registry-Auth`, `Authorization`, `X-Registry-Config`) and
   * JSON fields named `password`, `auth`, `identitytoken` and `registrytoken` are always scrubbed.
   */
  readonly scrub?: readonly RegExp[];
  /** The longest answer that a fixture may contain, in bytes; default: 4 MiB. */
  readonly maxAnswerBytes?: number;
}

/** The name of a scenario. */
export interface ScenarioTitle {
  readonly name: string;
  readonly description?: string;
}

/** A proxy that records the traffic between its clients and an engine. */
export interface Recorder {
  /** The address for the client, in the form of `DOCKER_HOST`. */
  readonly host: string;
  /**
   * The exchanges so far, without secrets. A pending exchange counts as aborted by the client.
   *
   * @throws RecordingError when an answer exceeded `maxAnswerBytes`.
   */
  exchanges(): Exchange[];
  /**
   * The same as a fixture, for a replay without a file.
   *
   * @throws RecordingError when an answer exceeded `maxAnswerBytes`.
   */
  fixture(title: ScenarioTitle): Fixture;
  /**
   * Writes the fixture to a file and creates its directories.
   *
   * @throws RecordingError when an answer exceeded `maxAnswerBytes`.
   */
  save(file: string, title: ScenarioTitle): Promise<void>;
  /** Closes all connections and removes the socket. The recording can still be saved. */
  close(): Promise<void>;
}

/**
 * Starts a recorder.
 *
 * @throws RecordingError when the engine does not return its version.
 * @throws TypeError when `engine` is malformed, or an option is unknown or invalid.
 */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  validateOptions('startRecorder', options);
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
        options.maxAnswerBytes ?? answerLimit,
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

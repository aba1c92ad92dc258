import type { Call } from './call.js';
import { Capture } from './capture.js';
import { brokenIn, chunksOf } from './chunks.js';
import { ReplayError } from './errors.js';
import type { UnmatchedRequest } from './errors.js';
import { parseFixture, readFixture } from './fixture.js';
import type { Fixture, RecordedRequest } from './fixture.js';
import { Ledger } from './ledger.js';
import type { Entry, ReplayMode } from './ledger.js';
import { listen } from './listener.js';
import { validateOptions } from './options.js';
import { play } from './playback.js';
import { refuse } from './refusal.js';
import { recordRequest, requestBodyLimit } from './request-record.js';
import { Scrubber } from './scrubbing.js';
import type { SeenRequest } from './seen-request.js';

/** Options of {@link startReplayer}. */
export interface ReplayerOptions {
  /** How recorded answers are matched to requests; default: `in-order`. */
  readonly mode?: ReplayMode;
  /** The path of the replayer's socket; default: in a new temporary directory. */
  readonly listen?: string;
}

/** A socket that answers from fixtures. */
export interface Replayer {
  /** The address for the client, in the form of `DOCKER_HOST`. */
  readonly host: string;
  /** The requests so far, in the order in which they were completely read. */
  requests(): SeenRequest[];
  /** The recorded exchanges that have not been requested yet, in order. */
  remaining(): SeenRequest[];
  /**
   * Asserts that every request was recorded and every recorded exchange was requested.
   *
   * @throws ReplayError otherwise.
   */
  assertDone(): void;
  /**
   * Closes all connections and removes the socket.
   *
   * @throws ReplayError when a request was not recorded, even if the client ignored the error.
   */
  close(): Promise<void>;
}

/**
 * Starts a server that answers from fixtures: recorded statuses, headers and chunks, upgraded connections, broken
 * connections. Random names (`tmp-` and 32 hexadecimal digits) may differ from the recorded ones; answers then contain
 * the actual names.
 *
 * An unrecorded request is answered with status 501 and a message with the request, the most similar recorded request
 * and their differences.
 *
 * @param fixtures - fixtures or paths of fixture files; several form one scenario in sequence.
 * @throws FixtureError when a fixture cannot be read.
 * @throws TypeError when an option is unknown or invalid.
 */
export async function startReplayer(
  fixtures: string | Fixture | readonly (string | Fixture)[],
  options: ReplayerOptions = {},
): Promise<Replayer> {
  validateOptions('startReplayer', options);
  const scenarios: Fixture[] = [];
  for (const fixture of Array.isArray(fixtures) ? fixtures : [fixtures]) {
    scenarios.push(
      typeof fixture === 'string' ? await readFixture(fixture) : parseFixture(fixture, 'The object'),
    );
  }
  const ledger = new Ledger(scenarios, options.mode ?? 'in-order');
  const requests: SeenRequest[] = [];
  const unmatched: UnmatchedRequest[] = [];

  const listener = await listen(async (call) => {
    const { method, path } = call;
    const asked = await readRequest(call);
    requests.push({ method, path });
    const finding = ledger.take(asked);
    const message = 'entry' in finding ? await play(call, finding.entry, ledger) : finding.mismatch;
    if (message !== undefined) {
      unmatched.push({ method, path, message });
    }
    if ('mismatch' in finding) {
      await refuse(call, 501, finding.mismatch);
    }
  }, options.listen);

  return {
    host: listener.host,
    requests: () => [...requests],
    remaining: () => ledger.unused.map(({ exchange }) => seen(exchange.request)),
    assertDone() {
      const unused = ledger.unused.map(({ exchange, place }: Entry) => ({
        ...seen(exchange.request),
        place,
      }));
      if (unmatched.length + unused.length > 0) {
        throw new ReplayError(unmatched, unused);
      }
    },
    async close() {
      await listener.close();
      if (unmatched.length > 0) {
        throw new ReplayError(unmatched, []);
      }
    },
  };
}

function seen({ method, path }: RecordedRequest): SeenRequest {
  return { method, path };
}

/** Reads a request, up to its end or a disconnect, and describes it in the recorder's form. */
async function readRequest(call: Call): Promise<RecordedRequest> {
  const body = new Capture(requestBodyLimit);
  const read = async (): Promise<void> => {
    for await (const chunk of chunksOf(call.body)) {
      body.add(chunk);
    }
  };
  const complete = (await brokenIn(read())) === undefined;
  return recordRequest(call, body, complete, new Scrubber([]));
}

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
import { optionsMustBeSound } from './options.js';
import { play } from './playback.js';
import { refuse } from './refusal.js';
import { recordRequest, REQUEST_BODY_LIMIT } from './request-record.js';
import { Scrubber } from './scrubbing.js';
import type { SeenRequest } from './seen-request.js';

/** How to replay. */
export interface ReplayerOptions {
  /** How the answer to a request is found; `in-order` without it. */
  readonly mode?: ReplayMode;
  /** Where to put the replayer's socket; without it, in a fresh temporary folder. */
  readonly listen?: string;
}

/** A socket that answers from fixtures. */
export interface Replayer {
  /** The address to give to the client, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** What was asked so far, in the order in which the requests were read to their end. */
  requests(): SeenRequest[];
  /** The recorded exchanges that nobody has asked for yet, in order. */
  remaining(): SeenRequest[];
  /**
   * Checks that everything asked was recorded, and everything recorded was asked.
   *
   * @throws ReplayError otherwise.
   */
  assertDone(): void;
  /**
   * Cuts all connections and removes the socket.
   *
   * @throws ReplayError when something was asked that was not recorded, even if the client took no notice.
   */
  close(): Promise<void>;
}

/**
 * Starts to answer from fixtures: the recorded status, headers and chunks, upgraded connections, cuts. Random names
 * (`tmp-` and 32 hexadecimal digits) may differ from the recorded ones; answers then hold the actual ones.
 *
 * What was not recorded is answered with status 501, and a message that tells what was asked, what was nearest and
 * where the two differ.
 *
 * @param fixtures - paths of fixture files or fixtures; several are one scenario after the other.
 * @throws FixtureError when one cannot be read.
 * @throws TypeError when an option is unknown or cannot be used.
 */
export async function startReplayer(
  fixtures: string | Fixture | readonly (string | Fixture)[],
  options: ReplayerOptions = {},
): Promise<Replayer> {
  optionsMustBeSound('startReplayer', options);
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

/** Reads a request to its end, or to where its client goes away, and describes it as the recorder does. */
async function readRequest(call: Call): Promise<RecordedRequest> {
  const body = new Capture(REQUEST_BODY_LIMIT);
  const read = async (): Promise<void> => {
    for await (const chunk of chunksOf(call.body)) {
      body.add(chunk);
    }
  };
  const complete = (await brokenIn(read())) === undefined;
  return recordRequest(call, body, complete, new Scrubber([]));
}

import { EventEmitter, once } from 'node:events';
import type { Duplex } from 'node:stream';
import { writeChunk } from './chunks.js';
import { bytesOf } from './content.js';
import type { Step } from './fixture.js';
import type { Entry, Ledger } from './ledger.js';
import { scrubbedText } from './scrubbing.js';
import { tokenPlaces } from './tokens.js';

const shownLength = 200;

/**
 * Replays the engine's side of an upgraded connection: the recorded steps in order, so that each chunk of the engine
 * follows the client's data that preceded it.
 *
 * @returns a message about the difference between the client's data and the recorded one; undefined when they match.
 */
export async function playStream(
  connection: Duplex,
  steps: readonly Step[],
  { place, index }: Entry,
  ledger: Ledger,
  gone: AbortSignal,
): Promise<string | undefined> {
  const client = new ClientVoice(connection);
  const whole = Buffer.concat(
    steps.map((step) => (step.from === 'engine' ? bytesOfStep(step) : Buffer.alloc(0))),
  );
  const places = tokenPlaces(whole);
  let offset = 0;
  for (const step of steps) {
    if (step.from === 'client') {
      if (!(await hear(client, step, ledger))) {
        return `In ${place} the client sent ${client.quote()} where ${quote(step)} is recorded.`;
      }
    } else {
      await ledger.reached(index + (step.after ?? 0), gone);
      if ('end' in step) {
        connection.end();
      } else {
        const end = offset + bytesOfStep(step).length;
        await writeChunk(connection, ledger.bindings.inChunk(whole, places, offset, end), gone);
        offset = end;
      }
    }
  }
  return client.heard.length > 0
    ? `In ${place} the client sent ${client.quote()} where nothing more is recorded.`
    : undefined;
}

/** False: the client sent something else, or ended its stream early. */
async function hear(client: ClientVoice, step: Step, ledger: Ledger): Promise<boolean> {
  for (;;) {
    if ('end' in step) {
      if (client.over || client.heard.length > 0) {
        return client.heard.length === 0;
      }
    } else {
      const encoding = 'text' in step ? 'utf8' : 'latin1';
      const recorded = bytesOf(step).toString(encoding);
      const said = client.heard.toString(encoding);
      const length = ledger.hear(recorded, said);
      if (length !== undefined) {
        client.forget(Buffer.byteLength(said.slice(0, length), encoding));
        return true;
      }
      const saidEnough = said.length >= recorded.length && !recorded.includes(scrubbedText);
      if (client.over || saidEnough) {
        return false;
      }
    }
    await client.news();
  }
}

/** The client's data that has not been compared yet. */
class ClientVoice {
  heard: Buffer = Buffer.alloc(0);
  /** Whether the client has ended its stream. */
  over = false;
  readonly #events = new EventEmitter();

  constructor(connection: Duplex) {
    const onEnd = (): void => {
      this.over = true;
      this.#events.emit('news');
    };
    connection.on('end', onEnd).on('close', onEnd);
    connection.on('data', (chunk: Buffer) => {
      this.heard = Buffer.concat([this.heard, chunk]);
      this.#events.emit('news');
    });
    connection.resume();
  }

  forget(bytes: number): void {
    this.heard = this.heard.subarray(bytes);
  }

  /** Resolves when there is more data. A closed connection counts too, so it always resolves. */
  async news(): Promise<void> {
    await once(this.#events, 'news');
  }

  quote(): string {
    return this.heard.length > 0
      ? JSON.stringify(this.heard.toString('utf8', 0, shownLength))
      : 'nothing more';
  }
}

function quote(step: Step): string {
  return 'end' in step ? 'its end' : JSON.stringify(bytesOf(step).toString('utf8', 0, shownLength));
}

function bytesOfStep(step: Step): Buffer {
  return 'end' in step ? Buffer.alloc(0) : bytesOf(step);
}

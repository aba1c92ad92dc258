import { STATUS_CODES } from 'node:http';
import type { AnswerHead, Call } from './call.js';
import { aborted, brokenIn, writeChunk } from './chunks.js';
import { bytesOf, isArchive } from './content.js';
import type { RecordedResponse } from './fixture.js';
import type { Entry, Ledger } from './ledger.js';
import { playStream } from './stream-playback.js';
import { tokenPlaces } from './tokens.js';

/**
 * Replays a recorded answer until it is complete or the client disconnects.
 *
 * @returns a message about unrecorded client data in an upgraded connection; undefined without any.
 */
export async function play(call: Call, entry: Entry, ledger: Ledger): Promise<string | undefined> {
  const { response } = entry.exchange;
  let mismatch: string | undefined;
  const playing = async (): Promise<void> => {
    if (response?.stream !== undefined) {
      const connection = call.upgrade(headOf(response, ledger));
      mismatch = await playStream(connection, response.stream, entry, ledger, call.gone);
    } else if (response !== undefined) {
      await playAnswer(call, response, entry, ledger);
    }
    if (mismatch === undefined) {
      await playEnd(call, entry, ledger);
    } else {
      call.hangUp();
    }
  };
  // A client may disconnect at any time; the rest of the answer is then dropped.
  await brokenIn(playing());
  return mismatch;
}

async function playAnswer(
  call: Call,
  response: RecordedResponse,
  { exchange, index }: Entry,
  ledger: Ledger,
): Promise<void> {
  const chunks = chunksToPlay(response);
  const whole = Buffer.concat(chunks.map(({ bytes }) => bytes));
  // Names inside an archive are not replaced: it contains digests of its own content.
  const places = isArchive(response.headers?.['content-type']) ? [] : tokenPlaces(whole);
  const isWhole = exchange.ended === undefined && whole.length > 0;
  const client = call.answer(headOf(response, ledger, isWhole ? whole.length : undefined));
  let offset = 0;
  for (const { bytes, after } of chunks) {
    await ledger.reached(index + after, call.gone);
    const end = offset + bytes.length;
    await writeChunk(client, ledger.bindings.inChunk(whole, places, offset, end), call.gone);
    offset = end;
  }
}

async function playEnd(call: Call, { exchange, index, live }: Entry, ledger: Ledger): Promise<void> {
  if (live && exchange.ended !== 'aborted') {
    await ledger.reached(index + (exchange.overlaps ?? 0), call.gone);
  }
  if (exchange.ended === 'truncated') {
    call.hangUp();
  } else if (exchange.ended === 'aborted') {
    await aborted(call.gone);
  } else if (exchange.response?.stream === undefined) {
    await call.finish();
  }
}

function chunksToPlay({ body, chunks = [] }: RecordedResponse): { bytes: Buffer; after: number }[] {
  if (body === undefined) {
    return chunks.map((chunk) => ({ bytes: bytesOf(chunk), after: chunk.after ?? 0 }));
  }
  return [
    { bytes: 'json' in body ? Buffer.from(`${JSON.stringify(body.json)}\n`) : bytesOf(body), after: 0 },
  ];
}

/**
 * @param length - the length of the replayed body, which replaces the recorded one: that is the length of the JSON as
 * the engine formatted it.
 */
function headOf({ status, headers = {} }: RecordedResponse, ledger: Ledger, length?: number): AnswerHead {
  const all = status === 101 ? { upgrade: 'tcp', ...headers } : headers;
  const rawHeaders = Object.entries(all).flatMap(([name, value]) => [
    name,
    name === 'content-length' && length !== undefined ? String(length) : ledger.bindings.inText(value),
  ]);
  return { status, statusMessage: STATUS_CODES[status] ?? '', rawHeaders };
}

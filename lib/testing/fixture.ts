import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { FixtureError } from './errors.js';

const count = z.int().nonnegative();
const text = z.strictObject({ text: z.string() });
const base64 = z.strictObject({ base64: z.base64() });
const json = z.strictObject({ json: z.json() });

/** A body of which only the size is known: an archive, one too large to keep, or (`complete: false`) one broken off. */
const opaque = z.strictObject({ bytes: count, complete: z.literal(false).optional() });

/**
 * `after: n` holds a chunk of a live answer (see `isLive`) back until the n-th exchange after its own has been asked:
 * an event does not come before the request that causes it.
 */
const after = { after: count.optional() };
const chunk = z.union([text.extend(after), base64.extend(after)]);

/** One step of an upgraded connection: bytes of one side, or its end. */
const from = { from: z.enum(['client', 'engine']), ...after };
const step = z.union([
  text.extend(from),
  base64.extend(from),
  z.strictObject({ end: z.literal(true), ...from }),
]);

const headers = z.record(z.string(), z.string());

const request = z.strictObject({
  method: z.string(),
  /** Path and query, as asked. */
  path: z.string().startsWith('/'),
  /** By lower-case name. */
  headers: headers.optional(),
  body: z.union([json, text, base64, opaque]).optional(),
});

const response = z.strictObject({
  status: z.int().min(101).max(599),
  headers: headers.optional(),
  /** An answer in one piece. JSON is sent with a newline at its end, as engines do. */
  body: z.union([json, text, base64]).optional(),
  /** Or one in several, each sent by itself. */
  chunks: z.array(chunk).optional(),
  /** Or what passed after `101`. */
  stream: z.array(step).optional(),
});

const exchangeFields = z.strictObject({
  request,
  /** Missing: the connection ended before the engine's answer. */
  response: response.optional(),
  /**
   * Missing: the answer is whole. `truncated`: the engine cut the connection at the end of what is recorded. `aborted`:
   * the client went away then, or the recording ended; a replay falls silent until the client goes.
   */
  ended: z.enum(['truncated', 'aborted']).optional(),
  /** How many later exchanges began before this one was over; missing: none. Those may come in any order. */
  overlaps: count.optional(),
});
const exchange = exchangeFields.refine(
  ({ response, ended }) => response !== undefined || ended !== undefined,
  'An exchange without a response must say how it ended.',
);

const fixture = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  description: z.string().optional(),
  /** When the recording began, ISO 8601. */
  recorded: z.iso.datetime(),
  engine: z.strictObject({ name: z.string(), version: z.string(), apiVersion: z.string() }),
  /** In the order in which the requests arrived. */
  exchanges: z.array(exchange),
});

/** A recorded scenario. */
export type Fixture = z.output<typeof fixture>;
/** One request and all that came of it. */
export type Exchange = z.output<typeof exchange>;
export type RecordedRequest = z.output<typeof request>;
export type RecordedResponse = z.output<typeof response>;
export type RequestBody = NonNullable<RecordedRequest['body']>;
export type Chunk = z.output<typeof chunk>;
export type Step = z.output<typeof step>;
export type Json = z.output<ReturnType<typeof z.json>>;

/**
 * Checks something that should be a fixture.
 *
 * @param source - what to call it in the error.
 * @throws FixtureError when it is none.
 */
export function parseFixture(value: unknown, source: string): Fixture {
  const result = fixture.safeParse(value);
  if (!result.success) {
    throw new FixtureError(`${source} is not a fixture of format 1:\n${z.prettifyError(result.error)}`, {
      cause: result.error,
    });
  }
  return result.data;
}

/**
 * Reads a fixture file.
 *
 * @throws FixtureError when it cannot be read or is no fixture.
 */
export async function readFixture(file: string): Promise<Fixture> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new FixtureError(`The fixture ${file} cannot be read.`, { cause });
  }
  return parseFixture(value, file);
}

/** Writes a fixture file, and the folders it needs; a reader sees the old one or the new one, never half of it. */
export async function writeFixture(file: string, scenario: Fixture): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.new`;
  await writeFile(unfinished, `${JSON.stringify(scenario, null, 2)}\n`);
  await rename(unfinished, file);
}

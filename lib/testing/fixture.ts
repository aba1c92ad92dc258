import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { FixtureError } from './errors.js';

const count = z.int().nonnegative();
const text = z.strictObject({ text: z.string() });
const base64 = z.strictObject({ base64: z.base64() });
const json = z.strictObject({ json: z.json() });

/**
 * A body of which only the size is recorded: an archive, one over the size limit, or (`complete: false`) a truncated
 * one.
 */
const opaque = z.strictObject({ bytes: count, complete: z.literal(false).optional() });

/**
 * `after: n` delays a chunk of a live answer (see `isLive`) until the n-th exchange after its own was requested: an
 * event must not precede the request that causes it.
 */
const after = { after: count.optional() };
const chunk = z.union([text.extend(after), base64.extend(after)]);

/** One step of an upgraded connection: bytes from one side, or the end of its stream. */
const from = { from: z.enum(['client', 'engine']), ...after };
const step = z.union([
  text.extend(from),
  base64.extend(from),
  z.strictObject({ end: z.literal(true), ...from }),
]);

const headers = z.record(z.string(), z.string());

const request = z.strictObject({
  method: z.string(),
  /** Path and query, as received. */
  path: z.string().startsWith('/'),
  /** Keyed by lower-case name. */
  headers: headers.optional(),
  body: z.union([json, text, base64, opaque]).optional(),
});

const response = z.strictObject({
  status: z.int().min(101).max(599),
  headers: headers.optional(),
  /** A body in one piece. JSON is sent with a trailing newline, as engines do. */
  body: z.union([json, text, base64]).optional(),
  /** A body in several chunks, each sent separately. */
  chunks: z.array(chunk).optional(),
  /** The steps after status `101`. */
  stream: z.array(step).optional(),
});

const exchangeFields = z.strictObject({
  request,
  /** Absent: the connection ended before the engine's answer. */
  response: response.optional(),
  /**
   * Absent: the answer is complete. `truncated`: the engine closed the connection after the recorded part. `aborted`:
   * the client disconnected then, or the recording ended; a replay stalls until the client disconnects.
   */
  ended: z.enum(['truncated', 'aborted']).optional(),
  /** The number of later exchanges that began before this one ended; default: none. They may come in any order. */
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
  /** The start of the recording, in ISO 8601. */
  recorded: z.iso.datetime(),
  engine: z.strictObject({ name: z.string(), version: z.string(), apiVersion: z.string() }),
  /** In the order in which the requests arrived. */
  exchanges: z.array(exchange),
});

/** A recorded scenario. */
export type Fixture = z.output<typeof fixture>;
/** A recorded request with its answer. */
export type Exchange = z.output<typeof exchange>;
export type RecordedRequest = z.output<typeof request>;
export type RecordedResponse = z.output<typeof response>;
export type RequestBody = NonNullable<RecordedRequest['body']>;
export type Chunk = z.output<typeof chunk>;
export type Step = z.output<typeof step>;
export type Json = z.output<ReturnType<typeof z.json>>;

/**
 * Validates a fixture.
 *
 * @param source - the fixture's name in the error.
 * @throws FixtureError when the value is not a fixture.
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
 * @throws FixtureError when it cannot be read or is not a fixture.
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

/** Writes a fixture file atomically, and creates its directories. */
export async function writeFixture(file: string, scenario: Fixture): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.new`;
  await writeFile(unfinished, `${JSON.stringify(scenario, null, 2)}\n`);
  await rename(unfinished, file);
}

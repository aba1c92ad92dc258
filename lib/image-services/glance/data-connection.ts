import { ImageNotActive, type ImageRecord } from '../../../interfaces/index.js';
import { Deadline, type ByteSource } from '../../streams/index.js';
import { connectionError } from '../../http/index.js';
import { ImageServiceProtocolError } from './exceptions.js';
import type { GlanceClient, GlanceRequest, Reply } from './glance-client.js';
import { readContent, type DataAnswer, type HttpTransport } from './http-transport.js';
import { pathOf, type Caller } from './image-records.js';
import { refusal } from './error-to-exception.js';

/** A request for an image's data, and the means to send it. */
export interface DataRequest {
  readonly client: GlanceClient;
  readonly transport: HttpTransport;
  readonly caller: Caller;
  readonly record: ImageRecord;
  /** The requested bytes. `last` is undefined for all bytes up to the end, whose position may be unknown. */
  readonly first: number;
  readonly last: number | undefined;
  /** Longest silence in milliseconds. */
  readonly idle: number;
}

/** The bytes of one answer to a request for an image's data, or for a part of it. */
export class DataConnection implements ByteSource {
  readonly reusesBuffer = true;
  readonly #body: ByteSource;
  readonly #deadline: Deadline;
  readonly #request: DataRequest;

  /**
   * @param first - position of the answer's first byte.
   * @param deadline - of the request; {@link DataConnection.close} clears it.
   */
  constructor(
    readonly first: number,
    body: ByteSource,
    deadline: Deadline,
    request: DataRequest,
  ) {
    this.#body = body;
    this.#deadline = deadline;
    this.#request = request;
    deadline.pause();
  }

  /**
   * @throws ConnectionBroken when the connection fails.
   * @throws DeadlineExceeded when the service is silent for too long.
   * @throws the caller's signal's reason when the signal aborts.
   */
  async next(): Promise<Uint8Array | undefined> {
    const { record, idle } = this.#request;
    // The deadline measures only the service's silence, not the time that the reader needs.
    this.#deadline.restart(whatOf(record), idle);
    try {
      return await this.#body.next();
    } catch (error) {
      throw connectionError(error, this.#deadline.signal);
    } finally {
      this.#deadline.pause();
    }
  }

  close(): void {
    this.#deadline.clear();
    void this.#body.close();
  }
}

/** A reply; with a connection if the body is image data, which is then still unread. */
interface DataReply extends Reply {
  readonly connection?: DataConnection;
}

/**
 * Requests an image's data from the image service.
 *
 * @throws ImageNotActive when the image has no data.
 * @throws ImageServiceProtocolError when the service sends other bytes than requested. Other error answers become
 * exceptions through {@link refusal}.
 */
export async function openData(wanted: DataRequest): Promise<DataConnection> {
  const { client, caller, record, first, last } = wanted;
  const isPart = first !== 0 || last !== undefined;
  const request: GlanceRequest = {
    ...caller,
    method: 'GET',
    path: `${pathOf(record.id)}/file`,
    headers: { Accept: '*/*', ...(isPart ? { Range: `bytes=${first}-${last ?? ''}` } : {}) },
    repeatable: true,
  };
  const { reply } = await client.exchange<DataReply>(request, (url, headers) => ask(wanted, url, headers));
  if (reply.connection !== undefined) return reply.connection;
  if (reply.status === 204) throw new ImageNotActive(`Image ${record.id} no longer has data.`);
  throw refusal(request, reply, record.id);
}

async function ask(
  wanted: DataRequest,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<DataReply> {
  const { transport, caller, record, idle } = wanted;
  const deadline = new Deadline(whatOf(record), idle, caller.signal);
  let connection: DataConnection | undefined;
  try {
    const answer = await transport.download(url, headers, deadline.signal);
    const { status, header } = answer;
    if (status !== 200 && status !== 206) {
      return { status, header, content: await readContent(answer, deadline.signal) };
    }
    connection = connect(wanted, answer, deadline);
    return { status, header, content: Buffer.alloc(0), connection };
  } finally {
    if (connection === undefined) deadline.clear();
  }
}

function connect(wanted: DataRequest, answer: DataAnswer, deadline: Deadline): DataConnection {
  try {
    return new DataConnection(firstByteOf(wanted, answer), answer.body, deadline, wanted);
  } catch (error) {
    void answer.body.close();
    throw error;
  }
}

const contentRange = /^bytes (?<first>\d+)-(?<last>\d+)\/(?<size>\d+|\*)$/;

/**
 * Validates an answer against the request.
 *
 * @returns the position of the answer's first byte.
 * @throws ImageServiceProtocolError when the answer holds other bytes than requested.
 */
function firstByteOf({ first, last, record }: DataRequest, { status, header }: DataAnswer): number {
  // The service sent the whole image although only its rest was requested. The reader skips the bytes that it has.
  if (status === 200 && last === undefined) return 0;
  const found = header('content-range') ?? 'no range';
  const range = contentRange.exec(found)?.groups;
  const size = range?.['size'];
  const end = last ?? (record.size === null ? undefined : record.size - 1);
  const isRight =
    status === 206 &&
    Number(range?.['first']) === first &&
    (end === undefined || Number(range?.['last']) === end) &&
    (record.size === null || size === '*' || Number(size) === record.size);
  if (isRight) return first;
  throw new ImageServiceProtocolError(
    `Image ${record.id}: bytes ${first} to ${end ?? 'the end'} were requested, but the answer has ${found} (status ${status})`,
  );
}

const whatOf = (record: ImageRecord): string => `the next byte of image ${record.id}`;

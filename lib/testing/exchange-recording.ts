import type { AnswerHead, AskedRequest } from './call.js';
import { Capture } from './capture.js';
import { RecordingError } from './errors.js';
import type { Exchange, RecordedResponse } from './fixture.js';
import { isLive } from './live.js';
import type { ExchangeEnd, Observer, Side } from './proxy.js';
import { recordRequest, requestBodyLimit } from './request-record.js';
import { recordAnswerBody, recordHead } from './response-record.js';
import type { Scrubber } from './scrubbing.js';
import { recordStream } from './stream-record.js';
import type { StreamPiece } from './stream-record.js';

/** Records one exchange. */
export class ExchangeRecording implements Observer {
  readonly #asked: AskedRequest;
  readonly #answerLimit: number;
  readonly #laterExchanges: () => number;
  readonly #requestBody = new Capture(requestBodyLimit);
  #requestComplete = false;
  #head: AnswerHead | undefined;
  readonly #answer: Capture;
  readonly #positions: number[] = [];
  readonly #stream: StreamPiece[] = [];
  #end: { readonly how: ExchangeEnd; readonly overlaps: number } | undefined;

  /**
   * @param answerLimit - the longest answer to keep, in bytes.
   * @param laterExchanges - returns the number of exchanges that have begun since this one.
   */
  constructor(asked: AskedRequest, answerLimit: number, laterExchanges: () => number) {
    this.#asked = asked;
    this.#answerLimit = answerLimit;
    this.#laterExchanges = laterExchanges;
    this.#answer = new Capture(answerLimit);
  }

  requestChunk(chunk: Buffer): void {
    this.#requestBody.add(chunk);
  }

  requestEnd(complete: boolean): void {
    this.#requestComplete = complete;
  }

  answered(head: AnswerHead): void {
    this.#head = head;
  }

  answerChunk(chunk: Buffer): void {
    this.#answer.add(chunk);
    this.#positions.push(this.#laterExchanges());
  }

  streamChunk(from: Side, chunk: Buffer | undefined): void {
    const after = from === 'engine' ? this.#laterExchanges() : 0;
    if (chunk !== undefined) {
      this.#answer.add(chunk);
    }
    this.#stream.push({ from, chunk: chunk === undefined ? undefined : this.#answer.chunks.at(-1), after });
  }

  ended(how: ExchangeEnd): void {
    this.#end = { how, overlaps: this.#laterExchanges() };
  }

  /**
   * The exchange so far.
   *
   * @throws RecordingError when the answer exceeded the limit.
   */
  toExchange(scrubber: Scrubber): Exchange {
    const { method, path } = this.#asked;
    if (!this.#answer.whole) {
      throw new RecordingError(
        `The answer to ${method} ${path} has ${this.#answer.bytes} bytes; a fixture keeps ${this.#answerLimit}. ` +
          'Record something smaller, or raise maxAnswerBytes.',
      );
    }
    const { how, overlaps } = this.#end ?? { how: 'aborted', overlaps: this.#laterExchanges() };
    return {
      request: recordRequest(this.#asked, this.#requestBody, this.#requestComplete, scrubber),
      ...(this.#head !== undefined && { response: this.#response(this.#head, scrubber) }),
      ...(how !== 'complete' && { ended: how }),
      ...(overlaps > 0 && { overlaps }),
    };
  }

  #response(head: AnswerHead, scrubber: Scrubber): RecordedResponse {
    const { status, headers } = recordHead(head, scrubber);
    if (status === 101) {
      return { status, headers, stream: recordStream(this.#stream, scrubber) };
    }
    const positions = isLive(this.#asked) ? this.#positions : undefined;
    return {
      status,
      headers,
      ...recordAnswerBody(headers['content-type'], this.#answer, positions, scrubber),
    };
  }
}

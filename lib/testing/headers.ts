import type { IncomingMessage } from 'node:http';
import type { AnswerHead, Call } from './call.js';

const headersOfTheConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'expect']);
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The headers of a forwarded request, as alternating names and values: the client's, without those of its connection.
 */
export function forwardedHeaders(call: Call): string[] {
  const headers = without(headersOfTheConnection, call.rawHeaders);
  if (call.asksUpgrade) {
    headers.push('Connection', 'Upgrade', 'Upgrade', call.headers.upgrade ?? 'tcp');
  }
  const hasBody =
    call.headers['content-length'] !== undefined || call.headers['transfer-encoding'] !== undefined;
  if (!hasBody && methodsWithBody.has(call.method)) {
    // Otherwise Node would announce a body of unknown length, which engines refuse for `start`.
    headers.push('Content-Length', '0');
  }
  return headers;
}

/** The head of an engine's answer, without the headers of its connection. */
export function headOf(message: IncomingMessage): AnswerHead {
  const rawHeaders = without(new Set([...headersOfTheConnection, 'transfer-encoding']), message.rawHeaders);
  const status = message.statusCode ?? 0;
  if (status === 101) {
    rawHeaders.push('Upgrade', message.headers.upgrade ?? 'tcp');
  }
  return { status, statusMessage: message.statusMessage ?? '', rawHeaders };
}

function without(names: ReadonlySet<string>, rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => !names.has((rawHeaders[i - (i % 2)] ?? '').toLowerCase()));
}

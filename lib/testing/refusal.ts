import { STATUS_CODES } from 'node:http';
import type { Call } from './call.js';

/** Answers with an error in the engine's form: a status and `{"message":…}`. */
export async function refuse(call: Call, status: number, message: string): Promise<void> {
  if (call.gone.aborted) {
    return;
  }
  const body = Buffer.from(`${JSON.stringify({ message })}\n`);
  const rawHeaders = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  call.answer({ status, statusMessage: STATUS_CODES[status] ?? '', rawHeaders }).write(body);
  await call.finish();
}

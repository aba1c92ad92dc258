import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { EngineAddress } from './engine-address.js';
import { RecordingError } from './errors.js';
import type { Fixture } from './fixture.js';

const deadlineMs = 10_000;

const version = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: z.array(z.object({ Name: z.string() })).optional(),
});

/**
 * Requests an engine's version.
 *
 * @param engine - the address as the user gave it, for the error.
 * @throws RecordingError when the engine does not answer within ten seconds, or its answer is malformed.
 */
export async function engineVersion(engine: string, address: EngineAddress): Promise<Fixture['engine']> {
  try {
    const answer = version.parse(JSON.parse(await get(address, '/version')));
    return {
      name: answer.Components?.[0]?.Name ?? 'Engine',
      version: answer.Version,
      apiVersion: answer.ApiVersion,
    };
  } catch (cause) {
    throw new RecordingError(`The engine at ${engine} does not report its version.`, { cause });
  }
}

function get(address: EngineAddress, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const asking = request({ createConnection: () => connect(address), path, signal }, (response) => {
      text(response).then(resolve, reject);
    });
    asking.on('error', reject);
    asking.end();
  });
}

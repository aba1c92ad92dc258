import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ComputeResourcesUnavailable, InvalidInput } from '../../../../interfaces/index.js';
import { EngineError } from '../../../../lib/engine/index.js';
import { refusedContainer } from '../../../../lib/instances/errors/launch-failure.js';

const refused = (words: string): EngineError =>
  new EngineError({ method: 'POST', path: '/containers/create' }, 400, words);

const recording = z.array(
  z.object({
    request: z.object({ path: z.string() }),
    status: z.int(),
    answer: z.object({ message: z.string().optional() }).or(z.array(z.unknown())),
  }),
);
const file = new URL('../../../../fixtures/answers/engine-30.json', import.meta.url);
const recorded = recording
  .parse(JSON.parse(readFileSync(file, 'utf8')))
  .flatMap(({ request, status, answer }) =>
    status === 400 && request.path.startsWith('/containers/create') && 'message' in answer
      ? [answer.message ?? '']
      : [],
  );

describe('refusedContainer', () => {
  it('has recorded refusals of an address outside the network and of a malformed one', () => {
    expect(recorded).toHaveLength(2);
  });

  it.each([
    ...recorded,
    // 20.10 and 28.5.
    'invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 192.0.2.9',
    'invalid IPv4 address: not-an-address',
    'Minimum memory limit allowed is 6MB',
    'Duplicate mount point: /data',
  ])('returns InvalidInput for what every engine refuses: %s', (words) => {
    const error = refused(words);
    expect(refusedContainer(error)).toBeInstanceOf(InvalidInput);
    expect(refusedContainer(error)).toMatchObject({ cause: error, message: expect.stringContaining(words) });
  });

  it.each(['unknown or invalid runtime name: kata', 'bind source path does not exist: /srv/data'])(
    'returns ComputeResourcesUnavailable for what this host lacks: %s',
    (words) => {
      expect(refusedContainer(refused(words))).toBeInstanceOf(ComputeResourcesUnavailable);
    },
  );
});

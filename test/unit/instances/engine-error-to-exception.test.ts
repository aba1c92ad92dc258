import { describe, expect, it } from '@jest/globals';
import { HypervisorUnavailable, InstanceDeployFailure } from '../../../interfaces/index.js';
import { EngineUnreachable } from '../../../lib/engine/index.js';
import { toNovaException } from '../../../lib/instances/index.js';
import { newInstance } from '../../support/nova-objects.js';

describe('an engine that cannot be reached', () => {
  const unreachable = (code: string): EngineUnreachable => {
    const cause = Object.assign(new Error(`connect ${code} /run/docker.sock`), { code });
    return new EngineUnreachable({ method: 'GET', path: '/version' }, cause.message, {
      maybeDone: false,
      cause,
    });
  };

  it.each([
    ['EACCES', /\/run\/docker\.sock.*root or in the group/],
    ['ENOENT', /\/run\/docker\.sock.*DOCKER_HOST/],
    ['ECONNREFUSED', /\/run\/docker\.sock.*DOCKER_HOST/],
    ['ECONNRESET', /ECONNRESET \/run\/docker\.sock$/],
  ])('is reported with its address, and with a remedy if there is one: %s', (code, message) => {
    const error = unreachable(code);
    const exception = toNovaException(error, 'spawn', newInstance(), InstanceDeployFailure);
    expect(exception).toBeInstanceOf(HypervisorUnavailable);
    expect(exception.message).toMatch(message);
    expect(exception.cause).toBe(error);
  });
});

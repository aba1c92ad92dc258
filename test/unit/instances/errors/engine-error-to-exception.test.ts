import { describe, expect, it } from '@jest/globals';
import {
  HypervisorUnavailable,
  ImageUnacceptable,
  InstanceDeployFailure,
  InvalidInput,
} from '../../../../interfaces/index.js';
import { EngineUnreachable } from '../../../../lib/engine/index.js';
import { toNovaException } from '../../../../lib/instances/index.js';
import { newInstance } from '../../../support/nova-objects.js';

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

describe('an exception that the verb throws itself', () => {
  it('is an ImageUnacceptable: it gets the instance, and keeps its message and cause', () => {
    const instance = newInstance();
    const cause = new Error('no command');
    // A load that fails for several instances throws the same exception for all, so it must stay as it is.
    const shared = new ImageUnacceptable('The image cannot be run', { cause });
    const exception = toNovaException(shared, 'spawn', instance, InstanceDeployFailure);
    expect(exception).toBeInstanceOf(ImageUnacceptable);
    expect(exception).toMatchObject({ message: shared.message, cause, instance_uuid: instance.uuid });
    expect(exception.stack).toBe(shared.stack);
    expect(shared.instance_uuid).toBeUndefined();
  });

  it('is an ImageUnacceptable of a verb without an instance: it stays as it is', () => {
    const error = new ImageUnacceptable('The image cannot be run');
    expect(toNovaException(error, 'cache an image', undefined, InstanceDeployFailure)).toBe(error);
  });

  it('is another one: it stays as it is', () => {
    const error = new InvalidInput('no');
    expect(toNovaException(error, 'spawn', newInstance(), InstanceDeployFailure)).toBe(error);
  });
});

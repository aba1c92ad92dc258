import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../../interfaces/index.js';
import { registryReference } from '../../../../lib/image-exchange/registry-client/reference.js';

describe('registryReference', () => {
  it.each(['127.0.0.1:99999/a', 'registry.example:65536/a/b:1'])(
    'refuses the port of %s, which is above 65535',
    (text) => {
      expect(() => registryReference(text)).toThrow(InvalidInput);
    },
  );

  it.each([undefined, null, 7, {}])('refuses %j, which is not a string', (given) => {
    expect(() => {
      Reflect.apply(registryReference, undefined, [given]);
    }).toThrow(InvalidInput);
  });

  it('accepts port 65535', () => {
    expect(registryReference('registry.example:65535/a')).toMatchObject({
      registry: 'registry.example:65535',
    });
  });
});

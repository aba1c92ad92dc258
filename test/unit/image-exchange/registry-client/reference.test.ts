import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../../interfaces/index.js';
import { registryReference } from '../../../../lib/image-exchange/registry-client/reference.js';

describe("an image's reference", () => {
  it.each(['127.0.0.1:99999/a', 'registry.example:65536/a/b:1'])(
    'has a port that there is, not %s',
    (text) => {
      expect(() => registryReference(text)).toThrow(InvalidInput);
    },
  );

  it.each([undefined, null, 7, {}])('is a text, not %j', (given) => {
    expect(() => {
      Reflect.apply(registryReference, undefined, [given]);
    }).toThrow(InvalidInput);
  });

  it('may have the last port', () => {
    expect(registryReference('registry.example:65535/a')).toMatchObject({
      registry: 'registry.example:65535',
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { inheritedConfiguration } from '../../../lib/images/inherited-configuration.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';

describe('inheritedConfiguration', () => {
  const of = async (properties: Record<string, string>): Promise<object> => {
    const images = new GivenImages({ '1': { data: Buffer.alloc(0), record: { properties } } });
    return inheritedConfiguration(await images.show(context, '1'));
  };

  it('accepts a command and an environment of 20,000 bytes', async () => {
    const long = 'x'.repeat(20_000);
    const properties = { docker_command: `echo ${long}`, docker_environment: `A=${long}` };
    expect(await of(properties)).toEqual({ Cmd: ['echo', long], Env: [`A=${long}`] });
  });

  it.each(['docker_command', 'docker_environment', 'docker_user', 'docker_working_dir'])(
    'refuses a %s that is too long for a request to the engine',
    async (property) => {
      const refusal = of({ [property]: `/A=${'x'.repeat(40_000)}` });
      await expect(refusal).rejects.toBeInstanceOf(ImageUnacceptable);
      await expect(refusal).rejects.toThrow(
        `${property}, which cannot be used: it is longer than 30720 bytes`,
      );
    },
  );

  it('refuses a command with a NUL byte, which no kernel accepts', async () => {
    await expect(of({ docker_command: 'sh\0' })).rejects.toThrow(/docker_command.*NUL/);
  });
});

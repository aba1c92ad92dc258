import { describe, expect, it } from '@jest/globals';
import { imageInspect } from '../../../lib/engine/schemas/images.js';
import { configurationAbove } from '../../../lib/images/transfer/configuration-above.js';

describe('configurationAbove', () => {
  it.each([null, { Labels: { kept: 'yes', 'nova-docker-driver.uuid': 'forged' } }])(
    "drops the driver's labels from an image, and from a record that it forged: settings %j",
    (Config) => {
      const Labels = { 'nova-docker-driver.uuid': 'forged', restored: 'yes' };
      const image = imageInspect.parse({
        Id: `sha256:${'a'.repeat(64)}`,
        Architecture: 'amd64',
        Os: 'linux',
        Size: 1,
        RootFS: { Type: 'layers', Layers: [] },
        Comment: JSON.stringify({ 'nova-docker-driver.not-inherited': { Labels } }),
        Config,
      });
      const text = JSON.stringify(configurationAbove(image, [], 1));
      expect(text).not.toContain('forged');
      expect(text).toContain('"restored":"yes"');
    },
  );
});

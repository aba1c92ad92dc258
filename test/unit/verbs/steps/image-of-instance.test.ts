import { describe, expect, it } from '@jest/globals';
import { imageOfInstance } from '../../../../lib/verbs/steps/index.js';
import { newInstance } from '../../../support/nova-objects.js';

describe('imageOfInstance', () => {
  it("returns what Nova's instance record says about the image", () => {
    const instance = newInstance({
      image_ref: '1260c41d-a2ff-4026-91bc-96d07519a88e',
      system_metadata: {
        image_min_ram: '64',
        image_min_disk: '1',
        image_disk_format: 'raw',
        image_container_format: 'docker',
        image_base_image_ref: '1260c41d-a2ff-4026-91bc-96d07519a88e',
        image_os_command_line: 'sleep 1000',
        image_hw_disk_bus: null,
        boot_roles: 'member',
      },
    });
    expect(imageOfInstance(instance)).toEqual({
      id: '1260c41d-a2ff-4026-91bc-96d07519a88e',
      min_ram: 64,
      min_disk: 1,
      disk_format: 'raw',
      container_format: 'docker',
      properties: {
        base_image_ref: '1260c41d-a2ff-4026-91bc-96d07519a88e',
        os_command_line: 'sleep 1000',
      },
    });
  });

  it('returns undefined for an instance that was booted from a volume', () => {
    expect(imageOfInstance(newInstance({ image_ref: '' }))).toBeUndefined();
    expect(imageOfInstance(newInstance())).toBeUndefined();
  });
});

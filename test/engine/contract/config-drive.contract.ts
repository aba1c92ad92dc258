import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

const folder = '/var/lib/cloud/seed/config_drive/openstack';
const jsonObject = z.record(z.string(), z.unknown());

/** The config drive of an instance, in Nova's layout. */
export function configDriveContract(harness: () => Harness): void {
  describe('a config drive', () => {
    it("has Nova's metadata, network data, vendor data and files, readable by root only", async () => {
      const network = new TestNetwork();
      const files = ['meta_data', 'network_data', 'vendor_data', 'vendor_data2'];
      const { instance, output } = await harness().run(
        `cd ${folder}/latest; for f in ${files.join(' ')}; do cat $f.json; echo; done; ` +
          'cat user_data ../content/0000; stat -c %a meta_data.json; echo done; exec sleep 1000',
        {
          config_drive: 'True',
          user_data: Buffer.from('#!/bin/sh\n').toString('base64'),
          metadata: { role: 'web' },
          key_name: 'mine',
          key_data: 'ssh-ed25519 AAAA me',
        },
        {
          admin_password: 'sesame',
          injected_files: [['/etc/motd', 'hello\n']],
          network_info: network.port(7),
        },
      );
      const lines = output.split('\n');
      const [metadata, networkData, vendorData, vendorData2] = lines
        .slice(0, files.length)
        .map((line) => jsonObject.parse(JSON.parse(line)));
      expect(metadata).toMatchObject({
        uuid: instance.uuid,
        hostname: 'lab',
        name: 'lab',
        admin_pass: 'sesame',
        meta: { role: 'web' },
        public_keys: { mine: 'ssh-ed25519 AAAA me' },
        files: [{ path: '/etc/motd', content_path: '/content/0000' }],
        project_id: instance.project_id,
      });
      expect(networkData).toMatchObject({
        links: [{ type: 'bridge', ethernet_mac_address: 'fa:16:3e:00:00:07' }],
        networks: [{ type: 'ipv4', ip_address: network.address(7), netmask: '255.255.255.0' }],
        services: [{ type: 'dns', address: network.address(253) }],
      });
      expect([vendorData, vendorData2]).toEqual([{}, { static: {} }]);
      expect(lines.slice(files.length)).toEqual(['#!/bin/sh', 'hello', '600', 'done', '']);
    });

    it('is not part of a snapshot', async () => {
      const { driver, context, imageService, run } = harness();
      const { instance } = await run(
        `cat ${folder}/latest/meta_data.json; echo done; exec sleep 1000`,
        { config_drive: 'True' },
        { admin_password: 'sesame' },
      );
      const { id } = await imageService.create(context, { name: 'saved' });
      await driver.snapshot(context, instance, id, () => Promise.resolve());
      const list = `sh -c 'find /var/lib/cloud -type f; echo done; exec sleep 1000'`;
      const copy = newInstance();
      await driver.spawn(context, copy, newImageMeta(id, { os_command_line: list }));
      await eventually('the files are listed', async () =>
        (await driver.get_console_output(context, copy)).includes('done'),
      );
      expect(await driver.get_console_output(context, copy)).toBe('done\n');
      await driver.destroy(context, copy, []);
    });

    it('is absent without the config_drive of the instance', async () => {
      const { output } = await harness().run(`ls ${folder}/latest 2>&1; echo done; exec sleep 1000`);
      expect(output).toMatch(/No such file/);
    });
  });
}

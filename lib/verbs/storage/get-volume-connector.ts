import type { VerbOptions, VolumeConnector } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import type { OfHost, Verb } from '../definition/index.js';
import { getHostIpAddr } from '../host-reports/index.js';

/** Reports no iSCSI initiator: a container mounts directories, so Cinder must not export a block device for it. */
export const getVolumeConnector: Verb<OfHost, VerbOptions, VolumeConnector> = {
  action: 'get the volume connector',
  lock: 'none',
  failure: NovaException,
  arguments: {},
  run: async (node) => ({ ip: await getHostIpAddr(node), host: node.host, initiator: null }),
};

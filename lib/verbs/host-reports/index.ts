/**
 * The verbs that report the host: its nodes, resources and address. May import `definition/` and the rooms below the
 * verbs; never imports another verb.
 */
export { getAvailableNodes, getNodenamesByUuid } from './get-available-nodes.js';
export { getAvailableResource } from './get-available-resource.js';
export { getHostCpuStats } from './get-host-cpu-stats.js';
export { getHostIpAddr } from './get-host-ip-addr.js';
export { getHostUptime } from './get-host-uptime.js';
export { updateProviderTree } from './update-provider-tree.js';

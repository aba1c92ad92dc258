/**
 * The verbs that concern the host: its nodes, resources and address. May import `definition/` and the rooms below the
 * verbs; never imports another verb.
 */
export { getAvailableNodes, getNodenamesByUuid } from './get-available-nodes.js';
export { getAvailableResource } from './get-available-resource.js';
export { getHostCpuStats, getHostIpAddr, getHostUptime } from './host-facts.js';
export { updateProviderTree } from './update-provider-tree.js';

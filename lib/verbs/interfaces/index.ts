/**
 * The verbs that connect instances to networks. May import `definition/` and the rooms below the verbs; never imports
 * another verb.
 */
export { attachInterface, detachInterface } from './attach-interface.js';
export { networkBindingHostId } from './network-binding-host-id.js';
export { plugVifs, unplugVifs } from './plug-vifs.js';

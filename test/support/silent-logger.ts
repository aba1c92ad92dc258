/** A logger that nobody listens to. */
export { silentLogger } from '../../lib/driver-options.js';

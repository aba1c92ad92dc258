/** A logger that nobody listens to. */
export { silentLogger } from '../../lib/common/no-op-logger.js';

/** A logger that nobody listens to. */
export { noOpLogger as silentLogger } from '../../lib/common/no-op-logger.js';

/** A logger that nobody listens to. */
export { silentLogger } from '../../lib/silent-logger.js';

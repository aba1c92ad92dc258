/** The no-op logger of the library, for tests. */
export { noOpLogger } from '../../lib/common/no-op-logger.js';

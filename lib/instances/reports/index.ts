/**
 * What an instance says of itself: its console output and its diagnostics. May import `specification/`, engine, common
 * and the contracts; it only reads.
 */
export { consoleOutput } from './console-output.js';
export { diskUsage, flatDiagnostics, instanceDiagnostics, measure, usageOf } from './diagnostics.js';

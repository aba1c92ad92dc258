/**
 * The verbs that show an instance's output, terminal and diagnostics. May import `definition/` and the rooms below the
 * verbs; never imports another verb.
 */
export { getConsoleOutput } from './get-console-output.js';
export { getDiagnostics, getInstanceDiagnostics } from './get-diagnostics.js';
export { getSerialConsole } from './get-serial-console.js';

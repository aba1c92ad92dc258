/**
 * The verbs that show an instance's output and its terminal. May import `definition/` and the rooms below the verbs;
 * never imports another verb.
 */
export { getConsoleOutput } from './get-console-output.js';
export { getSerialConsole } from './get-serial-console.js';

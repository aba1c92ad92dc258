// A reporter for jest that writes the numbers of tests to the file TEST_COUNTS. jest's own option for that
// adds a line to the output.
import { writeFileSync } from 'node:fs';

export default class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests }) {
    const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
    writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts));
  }
}

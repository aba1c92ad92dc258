// A reporter of jest's: it leaves the numbers of tests in the file TEST_COUNTS. jest's own way of doing so adds a line to the output.
import { writeFileSync } from 'node:fs';

export default class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests }) {
    const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
    writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts));
  }
}

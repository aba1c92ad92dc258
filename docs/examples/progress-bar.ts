import type { OnProgress, ProgressPhase } from '../../lib/index.js';

const width = 30;

/** Draws progress: a bar that moves on a terminal, else one line when a phase begins. */
export function progressBar(): OnProgress {
  let shown: ProgressPhase | undefined;
  return ({ phase, bytes, total }) => {
    const megabytes = `${(bytes / 1e6).toFixed(1)} MB`;
    if (!process.stdout.isTTY) {
      if (phase !== shown) console.log(`  ${phase} …`);
    } else {
      if (shown !== undefined && phase !== shown) process.stdout.write('\n');
      const done =
        total === undefined || total === 0 ? width : Math.min(width, Math.round((bytes / total) * width));
      const bar = `[${'#'.repeat(done)}${' '.repeat(width - done)}]`;
      process.stdout.write(
        `\r  ${phase.padEnd(11)} ${bytes === 0 && total === undefined ? '' : `${bar} ${megabytes}`}`,
      );
    }
    shown = phase;
  };
}

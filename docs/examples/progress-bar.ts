import type { OnProgress, Progress } from '../../lib/index.js';

const width = 20;

/** Draws progress: on a terminal a bar that moves, else a line at the beginning of a phase and one at its end. */
export function progressBar(): OnProgress {
  let shown: Progress | undefined;
  return (progress) => {
    const { phase, bytes, total, layer } = progress;
    const isNew = phase !== shown?.phase;
    if (process.stdout.isTTY) {
      if (isNew && shown !== undefined) process.stdout.write('\n');
      const line = `  ${phase.padEnd(12)} ${bar(progress)} ${figures(progress)}`;
      // A line that is wider than the terminal could not be overwritten.
      const { columns } = process.stdout;
      process.stdout.write(`\r${line.slice(0, (columns > 0 ? columns : 80) - 1)}\u001b[K`);
    } else {
      if (isNew) console.log(`  ${phase} …`);
      // The last report of a phase has no layer.
      if (bytes > 0 && bytes === total && layer === undefined) console.log(`  ${phase} ${figures(progress)}`);
    }
    shown = progress;
  };
}

function bar({ bytes, total }: Progress): string {
  if (total === undefined || total === 0) return ' '.repeat(width + 2);
  const done = Math.min(width, Math.round((bytes / total) * width));
  return `[${'#'.repeat(done)}${' '.repeat(width - done)}]`;
}

/** `12.5 of 48.0 MB, 31.2 MB/s, layer 9d3c7f21a0b4`, as far as it is known. */
function figures({ phase, bytes, total, rate, layer }: Progress): string {
  const megabytes = (count: number): string => (count / 1e6).toFixed(1);
  const parts: string[] = [];
  if (bytes > 0) parts.push(`${megabytes(bytes)}${total === undefined ? '' : ` of ${megabytes(total)}`} MB`);
  if (rate !== undefined) parts.push(`${megabytes(rate)} MB/s`);
  if (layer !== undefined)
    parts.push(phase === 'building' ? `step ${layer}` : `layer ${layer.replace('sha256:', '').slice(0, 12)}`);
  return parts.join(', ');
}

/** A measured figure and its target. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** Default: none, for a figure that only explains others. */
  readonly target?: { readonly text: string; readonly isMet: boolean };
}

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** The figures as a text table. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, measured, target }) => [
    what,
    measured,
    target?.text ?? '',
    target === undefined ? '' : target.isMet ? 'met' : 'NOT MET',
  ]);
  return table([['', 'measured', 'target', ''], ...rows]);
}

/** The median: the middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/** Throughput in MB/s. */
export const speed = (bytes: number, milliseconds: number): string =>
  `${(bytes / milliseconds / 1000).toFixed(0)} MB/s`;

/** Speed of the driver, as a multiple of the plain tools'. */
export function speedRatio(plain: readonly number[], driver: readonly number[], least?: number): Figure {
  const ratio = median(plain) / median(driver);
  return {
    what: 'speed, of that of the plain tools',
    measured: ratio.toFixed(2),
    ...(least === undefined ? {} : { target: { text: `≥ ${least}`, isMet: ratio >= least } }),
  };
}

const mebibyte = 1024 * 1024;

/** Peak growth of a process's memory. */
export const memoryGrowth = (bytes: number): Figure => ({
  what: "peak growth of the driver's process",
  measured: `${(bytes / mebibyte).toFixed(0)} MiB`,
  target: { text: '< 100 MiB', isMet: bytes < 100 * mebibyte },
});

import type { ComputeDriver, Instance } from '../../lib/index.js';
import { power_state } from '../../lib/index.js';

const states = new Map<number, string>(Object.entries(power_state).map(([name, value]) => [value, name]));

/** Prints instances as `nova list` does. */
export async function printInstances(driver: ComputeDriver, instances: readonly Instance[]): Promise<void> {
  const rows = [['ID', 'Name', 'Power State', 'Host']];
  const [host = ''] = await driver.get_available_nodes();
  for (const instance of instances) {
    const { state } = await driver.get_info(instance);
    rows.push([instance.uuid, instance.display_name ?? instance.name, states.get(state) ?? '?', host]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const text = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  console.log([line, text[0], line, ...text.slice(1), line].join('\n'));
}

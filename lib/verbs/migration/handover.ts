import { z } from 'zod';
import { InvalidInput } from '../../../interfaces/index.js';
import { isImageId } from '../../engine/index.js';

/** What the host that an instance leaves tells the one where it arrives. Nova carries it as `disk_info`. */
const handover = z.discriminatedUnion('kind', [
  /** The container stays, and gets other limits. */
  z.object({ kind: z.literal('in place') }),
  /** The instance's files are in an image of the engine where it arrives. */
  z.object({ kind: z.literal('image'), image: z.string().refine(isImageId) }),
]);

type Handover = z.output<typeof handover>;

/** As Nova carries it. */
export function handoverText(told: Handover): string {
  return JSON.stringify(told);
}

/**
 * Reads what {@link handoverText} wrote on another host.
 *
 * @throws InvalidInput when it was not.
 */
export function parseHandover(disk_info: string | null): Handover {
  try {
    return handover.parse(JSON.parse(disk_info ?? 'null'));
  } catch (cause) {
    throw new InvalidInput(
      `The disk_info ${JSON.stringify(disk_info)} is not what this driver's migrate_disk_and_power_off answers`,
      { cause },
    );
  }
}

import { z } from 'zod';
import { InvalidInput } from '../../../interfaces/index.js';
import { isImageId } from '../../engine/index.js';

/** The message from the source host to the destination host. Nova carries it as `disk_info`. */
const handover = z.discriminatedUnion('kind', [
  /** The container stays on its host and only its limits change. */
  z.object({ kind: z.literal('in place') }),
  /** The instance's files are in an image of the destination engine. */
  z.object({ kind: z.literal('image'), image: z.string().refine(isImageId) }),
]);

type Handover = z.output<typeof handover>;

/** Serializes the message for `disk_info`. */
export function handoverText(handedOver: Handover): string {
  return JSON.stringify(handedOver);
}

/**
 * Parses a message that {@link handoverText} wrote on another host.
 *
 * @throws InvalidInput when `disk_info` is not such a message.
 */
export function parseHandover(disk_info: string | null): Handover {
  try {
    return handover.parse(JSON.parse(disk_info ?? 'null'));
  } catch (cause) {
    throw new InvalidInput(
      `The disk_info ${JSON.stringify(disk_info)} is malformed: pass on what migrate_disk_and_power_off returned`,
      { cause },
    );
  }
}

import { z } from 'zod';
import { InvalidInput } from '../../../interfaces/index.js';
import { isImageId } from '../../engine/index.js';

/** What the host that an instance leaves tells the one where it arrives, through Nova. */
const diskInfo = z.discriminatedUnion('kind', [
  /** The container stays, and gets other limits. */
  z.object({ kind: z.literal('in place') }),
  /** The instance's files are in an image of the engine where it arrives. */
  z.object({ kind: z.literal('image'), image: z.string().refine(isImageId) }),
]);

type DiskInfo = z.output<typeof diskInfo>;

/** As Nova carries it. */
export function diskInfoText(info: DiskInfo): string {
  return JSON.stringify(info);
}

/**
 * Reads what {@link diskInfoText} wrote on another host.
 *
 * @throws InvalidInput when it was not.
 */
export function parseDiskInfo(text: string | null): DiskInfo {
  try {
    return diskInfo.parse(JSON.parse(text ?? 'null'));
  } catch (cause) {
    throw new InvalidInput(
      `The disk_info ${JSON.stringify(text)} is not what this driver's migrate_disk_and_power_off answers`,
      { cause },
    );
  }
}

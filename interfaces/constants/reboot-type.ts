/** How to reboot. Nova: `nova/objects/fields.py` and the compute API. */
export const reboot_type = {
  /** Ask it to stop, start it when it has. */
  SOFT: 'SOFT',
  /** Pull the plug, put back what is missing, start it. */
  HARD: 'HARD',
} as const;

/** One of {@link reboot_type}. */
export type RebootType = (typeof reboot_type)[keyof typeof reboot_type];

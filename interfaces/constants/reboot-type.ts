/** The kinds of reboot. Nova: `nova/objects/fields.py` and the compute API. */
export const reboot_type = {
  /** Requests a clean stop, then starts the instance. */
  SOFT: 'SOFT',
  /** Kills the instance, restores what is missing, then starts it. */
  HARD: 'HARD',
} as const;

/** A value of {@link reboot_type}. */
export type RebootType = (typeof reboot_type)[keyof typeof reboot_type];

/** The state of an instance as its user sees it. Nova: `nova/compute/vm_states.py`. */
export const vm_states = {
  ACTIVE: 'active',
  BUILDING: 'building',
  PAUSED: 'paused',
  SUSPENDED: 'suspended',
  STOPPED: 'stopped',
  RESCUED: 'rescued',
  RESIZED: 'resized',
  SOFT_DELETED: 'soft-delete',
  DELETED: 'deleted',
  ERROR: 'error',
  SHELVED: 'shelved',
  SHELVED_OFFLOADED: 'shelved_offloaded',
} as const;

/** A value of {@link vm_states}. */
export type VmState = (typeof vm_states)[keyof typeof vm_states];

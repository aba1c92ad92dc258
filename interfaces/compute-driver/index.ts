/*
 * Nova's virt-driver interface: one file for each area, combined here as `ComputeDriver`. It describes what Nova
 * requires of a driver; docs/virt-driver.md describes what this driver implements.
 */
import type { DriverCapabilities } from './capabilities.js';
import type { ConsoleVerbs } from './console.js';
import type { EventVerbs } from './events.js';
import type { HostVerbs } from './host.js';
import type { ImageVerbs } from './images.js';
import type { InventoryVerbs } from './inventory.js';
import type { LifeCycleVerbs } from './life-cycle.js';
import type { LiveMigrationVerbs } from './live-migration.js';
import type { MigrationVerbs } from './migration.js';
import type { NetworkVerbs } from './network.js';
import type { PowerVerbs } from './power.js';
import type { StorageVerbs } from './storage.js';

/**
 * Nova's virt-driver interface, `nova.virt.driver.ComputeDriver`: the operations that an orchestrator calls on a host.
 *
 * Every verb returns a promise, and fails by rejecting it, never by throwing. Required arguments have Nova's order and
 * names. Optional arguments are fields of one last object, with Nova's defaults; `null` (Python's `None`) means the
 * default. `context` is the user on whose behalf the verb runs, `instance` the verb's instance. A verb that a driver
 * does not offer rejects with `NotImplementedError`, as in Nova's base class; an orchestrator then skips it or uses its
 * own implementation.
 *
 * In addition to its documented exceptions, each verb may throw InvalidInput for an invalid argument, and the reason of
 * its signal. Unless a verb documents another exception, it throws HypervisorUnavailable when the engine cannot be
 * reached, InstanceNotFound when there is no such instance, and NovaException when the engine refuses.
 */
export interface ComputeDriver
  extends
    HostVerbs,
    InventoryVerbs,
    LifeCycleVerbs,
    PowerVerbs,
    ImageVerbs,
    NetworkVerbs,
    StorageVerbs,
    ConsoleVerbs,
    MigrationVerbs,
    LiveMigrationVerbs,
    EventVerbs {
  /** The driver's capability flags. */
  readonly capabilities: DriverCapabilities;
}

export type * from './allocations.js';
export * from './capabilities.js';
export type * from './console.js';
export type * from './events.js';
export type * from './host.js';
export type * from './images.js';
export type * from './inventory.js';
export type * from './life-cycle.js';
export type * from './live-migration.js';
export type * from './migration.js';
export type * from './network.js';
export type * from './power.js';
export type * from './storage.js';
export type * from './verb-options.js';

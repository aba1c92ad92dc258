/*
 * Nova's virt-driver interface: a file for each area of it, put together as `ComputeDriver` here. It says what is asked
 * of a driver; what this one does of it is in docs/virt-driver.md.
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
 * Nova's virt-driver interface, `nova.virt.driver.ComputeDriver`: what an orchestrator may ask of a host.
 *
 * Every verb returns a promise, and fails by rejecting it, never by throwing. The subjects of a verb stand in Nova's
 * order and under Nova's names; what may be left out stands in one last object, with Nova's defaults, where `null`
 * (Nova's `None`) is the same as leaving it out. `context` is on whose behalf the verb runs, `instance` the instance it
 * is about. A verb that a driver does not offer rejects with `NotImplementedError`; so Nova's own base class does, and
 * an orchestrator then does without, or in its own way.
 *
 * Beside what a verb documents, each may throw InvalidInput for an argument that cannot be used, and the reason of its
 * signal. Where a verb names no exception of its own for it, it throws HypervisorUnavailable when the engine cannot be
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
  /** What this driver can do beyond the least. */
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

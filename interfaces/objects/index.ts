/** Nova's objects, with every field that Nova was observed to send. Only fields that a driver reads are required. */
export type * from './block-device-info.js';
export type * from './diagnostics.js';
export type * from './flavor.js';
export type * from './host-resources.js';
export type * from './image-meta.js';
export type * from './injected-file.js';
export type * from './instance-info.js';
export type * from './instance.js';
export type * from './lifecycle-event.js';
export type * from './migration.js';
export type * from './network-info.js';
export type * from './nova-object.js';
export type * from './request-context.js';

/**
 * The contracts: what Nova requires of a driver (`ComputeDriver`), what the driver requires of others (`ImageService`,
 * `VirtAPI`, `Logger`), Nova's objects, constants and exceptions. This room imports no other room, and has no
 * behaviour.
 */
export * from './compute-driver/index.js';
export * from './constants/index.js';
export * from './driver-error.js';
export * from './exceptions.js';
export type * from './image-service.js';
export type * from './logger.js';
export * from './nova-exception.js';
export type * from './objects/index.js';
export type * from './progress.js';
export type * from './virtapi.js';

/**
 * The contracts: what Nova demands of a driver (`ComputeDriver`), what the driver demands of others (`ImageService`,
 * `VirtAPI`, `Logger`), Nova's objects, constants and exceptions. This room imports nothing and does nothing.
 */
export * from './compute-driver/index.js';
export * from './constants/index.js';
export * from './exceptions.js';
export type * from './image-service.js';
export type * from './logger.js';
export type * from './objects/index.js';
export type * from './progress.js';
export type * from './virtapi.js';

/** Nova's constants, under Nova's names and with Nova's values. */
export * from './lifecycle-event.js';
export * from './power-state.js';
export * from './reboot-type.js';
export * from './task-states.js';
export * from './vm-states.js';

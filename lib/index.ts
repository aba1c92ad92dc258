/** The public face of nova-docker-driver. */
export * from '../interfaces/index.js';

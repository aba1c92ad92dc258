/**
 * The operator's directory of image files by image id, which the loader tries before the image service. It may import
 * layers, references and the rooms below images. It checks no access rights, and never delivers data that does not
 * match the image service's record.
 */
export { SharedDirectory } from './shared-directory.js';

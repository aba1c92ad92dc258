/**
 * Moves a container's files into an engine as an image, its own engine or another, in one stream. It may import layers,
 * references and the rooms below images. It never stores the stream in a file, keeps only the names of changed files in
 * memory, and never starts or stops a container.
 */
export { copyFileSystem } from './copy-file-system.js';
export { bootedBytes, validateFilesFit, type FilesToCopy, measuredFiles } from './validate-files-fit.js';
export { instanceReference, removeInstanceImages, removeReplacedImage } from './instance-image.js';
export { transferFileSystem, volumesThatMove } from './transfer-file-system.js';
export { transferFolder } from './transfer-folder.js';

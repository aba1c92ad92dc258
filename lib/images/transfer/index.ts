/**
 * Moves a container's files to another engine, as an image of that engine, in one stream. It may import layers,
 * references and the rooms below images. It never stores the stream in a file, keeps only the names of changed files in
 * memory, and never starts or stops a container.
 */
export { copyFileSystem } from './copy-file-system.js';
export { bootedBytes, validateFilesFit, type FilesToCopy, measuredFiles } from './validate-files-fit.js';
export { instanceReference, removeInstanceImages, removeReplacedImage } from './instance-image.js';
export { transferFileSystem, volumesThatMove } from './transfer-file-system.js';
export { transferFolder } from './transfer-folder.js';

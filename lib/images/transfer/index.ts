/**
 * What is in a container on its way to another engine: as an image of that engine, in one stream that goes through no
 * file and holds no more in memory than the names of what has changed. Imports the engine, the archives and the
 * contracts; starts and stops no container.
 */
export { copyFileSystem } from './copy-file-system.js';
export { bootedBytes, filesMustFit, measuredFiles } from './files-must-fit.js';
export { instanceReference, removeInstanceImages, removeReplacedImage } from './instance-image.js';
export { transferFileSystem, volumesThatMove } from './transfer-file-system.js';
export { transferFolder } from './transfer-folder.js';

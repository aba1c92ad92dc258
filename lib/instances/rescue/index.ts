/**
 * What marks a rescue container: its labels, and the folder with the files of the rescued instance. May import engine,
 * common and the contracts; the steps of a rescue are in `verbs/`.
 */
export { isRescueOf, rescuedNetworks, rescueLabels } from './rescue-labels.js';
export { hasRescuedFolder, makeRescuedFolder, rescuedFolder, rescuedMounts } from './rescued-folder.js';

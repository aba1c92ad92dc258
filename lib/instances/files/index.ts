/**
 * The files that the driver writes into an instance's container: config drive, injected files, key and passwords. It
 * follows links of the image only inside the container. May import `specification/`, engine, streams, common and the
 * contracts; knows nothing of the other folders of instances.
 */
export { setAdministratorPassword } from './administrator-password.js';
export {
  configDriveFiles,
  configDriveFolder,
  configDriveMounts,
  type ConfigDrivePolicy,
  hasConfigDrive,
} from './config-drive.js';
export type { InstanceFiles } from './files-to-write.js';
export { instanceFiles } from './instance-files.js';
export { writeFiles } from './write-files.js';

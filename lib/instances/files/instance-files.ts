import { posix } from 'node:path';
import type { InjectedFile, Instance } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import { configDriveSeed } from './config-drive.js';
import type { FileToChange, FileToWrite, InstanceFiles } from './files-to-write.js';
import { withRootPassword } from './root-password.js';

/** Bytes; the limits of Linux for paths and names. */
const maxPathBytes = 4096;
const maxNameBytes = 255;
const authorizedKeys = 'root/.ssh/authorized_keys';
const shadow = 'etc/shadow';

/**
 * The files to put into an instance: injected files, user data, config drive, key and administrator's password.
 *
 * @param config_drive - the files of the config drive.
 * @throws InvalidInput when a path leaves the container or the user data is not base64.
 */
export function instanceFiles(
  instance: Instance,
  injected_files: readonly InjectedFile[],
  admin_password: string | null | undefined,
  config_drive: readonly FileToWrite[] = [],
): InstanceFiles {
  return {
    write: [
      ...config_drive,
      ...(instance.user_data === undefined || instance.user_data === null || instance.user_data === ''
        ? []
        : [file(`${configDriveSeed}/latest/user_data`, decodeUserData(instance.user_data), 0o600)]),
      ...injected_files.map(([path, contents]): FileToWrite => ({
        ...file(relativePath(path), Buffer.from(contents), 0o644),
        isInjected: true,
      })),
    ],
    change: [
      ...(instance.key_data === undefined || instance.key_data === null || instance.key_data === ''
        ? []
        : [authorizeKey(instance.key_data)]),
      ...(admin_password === undefined || admin_password === null || admin_password === ''
        ? []
        : [setRootPassword(admin_password)]),
    ],
  };
}

function file(path: string, contents: Buffer, mode: number): FileToWrite {
  return { path, contents, mode, uid: 0, gid: 0 };
}

function authorizeKey(key: string): FileToChange {
  return {
    path: authorizedKeys,
    // sshd refuses keys in a folder that other users can write to.
    folderMode: 0o700,
    change: (existing) => {
      const before = existing?.contents.toString() ?? '';
      const separator = before === '' || before.endsWith('\n') ? '' : '\n';
      const contents = Buffer.from(`${before}${separator}${key.trim()}\n`);
      return { contents, mode: 0o600, uid: 0, gid: 0 };
    },
  };
}

function setRootPassword(password: string): FileToChange {
  return {
    path: shadow,
    change: (existing) => {
      if (existing === undefined) return undefined;
      const changed = withRootPassword(existing.contents.toString(), password);
      return changed === undefined ? undefined : { ...existing, contents: Buffer.from(changed) };
    },
  };
}

function decodeUserData(user_data: string): Buffer {
  const bytes = Buffer.from(user_data, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== user_data.replace(/\s+/g, '').replace(/=+$/, ''))
    throw new InvalidInput('The user data is not base64');
  return bytes;
}

function relativePath(path: string): string {
  const relative = posix.normalize(path.replace(/^\/+/, ''));
  const isSound =
    relative !== '.' &&
    !relative.endsWith('/') &&
    !/[\0\uFFFD]/.test(path) &&
    !path.split('/').includes('..') &&
    Buffer.byteLength(relative) < maxPathBytes &&
    relative.split('/').every((part) => Buffer.byteLength(part) <= maxNameBytes);
  if (!isSound) throw new InvalidInput(`${JSON.stringify(path)} cannot be the path of an injected file`);
  return relative;
}

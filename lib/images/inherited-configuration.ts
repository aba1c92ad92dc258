import { split } from 'shlex';
import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ShownImage } from '../image-services/index.js';

/** By the names that engines and image configurations have. */
type InheritedConfiguration = Partial<
  Record<'Cmd' | 'Env', string[]> & Record<'User' | 'WorkingDir', string>
>;

/**
 * Bytes. The engine is told each property as an instruction of a Dockerfile, in which a byte may take two: it refuses
 * lines of 64 KiB (20.10), and all that has no place in the first line of a request.
 */
const longestProperty = 30 * 1024;

/**
 * What containers of a root file system inherit, which has no configuration to say so: from the properties
 * `docker_command`, `docker_environment`, `docker_user` and `docker_working_dir` of its image.
 *
 * @throws ImageUnacceptable when one of them cannot be used.
 */
export function inheritedConfiguration({ id, properties }: ShownImage): InheritedConfiguration {
  const { docker_command, docker_environment, docker_user, docker_working_dir } = properties;
  const given = { docker_command, docker_environment, docker_user, docker_working_dir };
  const unusable = (property: string, why: string, cause?: unknown): ImageUnacceptable =>
    new ImageUnacceptable(`Image ${id} has the property ${property}, which cannot be used: ${why}`, {
      cause,
    });
  const words = (property: string, text: string): string[] => {
    try {
      return split(text);
    } catch (error) {
      throw unusable(property, 'a quote or a backslash is not closed', error);
    }
  };
  for (const [property, text] of Object.entries(given))
    if (text !== undefined && Buffer.byteLength(JSON.stringify(text)) > longestProperty)
      throw unusable(property, `it is longer than ${longestProperty} bytes`);
  const configuration: InheritedConfiguration = {};
  if (docker_command !== undefined) {
    configuration.Cmd = words('docker_command', docker_command);
    if (configuration.Cmd.length === 0) throw unusable('docker_command', 'it is empty');
    if (docker_command.includes('\0')) throw unusable('docker_command', 'it has a NUL');
  }
  if (docker_environment !== undefined) {
    configuration.Env = words('docker_environment', docker_environment);
    // What names may consist of in every shell, and values of one line: the engine is told them line by line.
    if (!configuration.Env.every((word) => /^[A-Za-z_][A-Za-z0-9_]*=[^\p{Cc}\p{Zl}\p{Zp}]*$/u.test(word)))
      throw unusable('docker_environment', 'it must hold words of the form NAME=value, of one line each');
  }
  if (docker_user !== undefined) {
    configuration.User = docker_user;
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(docker_user))
      throw unusable('docker_user', 'it must be USER or USER:GROUP, names or numbers');
  }
  if (docker_working_dir !== undefined) {
    configuration.WorkingDir = docker_working_dir;
    if (!/^\/[^\p{Cc}\p{Zl}\p{Zp}]*$/u.test(docker_working_dir))
      throw unusable('docker_working_dir', 'it must be an absolute path');
  }
  return configuration;
}

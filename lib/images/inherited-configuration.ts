import { split } from 'shlex';
import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ShownImage } from '../image-services/index.js';

/** Container configuration, with the field names of engines and image configurations. */
type InheritedConfiguration = Partial<
  Record<'Cmd' | 'Env', string[]> & Record<'User' | 'WorkingDir', string>
>;

/**
 * Bytes. The import request carries each property as a Dockerfile instruction, which may need two bytes per byte.
 * Engine 20.10 refuses instruction lines of 64 KiB, and every engine refuses a request line that is too long.
 */
const maxPropertyBytes = 30 * 1024;

/**
 * Builds the configuration that containers of a root file system inherit. Such an image has no configuration file, so
 * its properties `docker_command`, `docker_environment`, `docker_user` and `docker_working_dir` supply it.
 *
 * @throws ImageUnacceptable when one of the properties is malformed.
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
    if (text !== undefined && Buffer.byteLength(JSON.stringify(text)) > maxPropertyBytes)
      throw unusable(property, `it is longer than ${maxPropertyBytes} bytes`);
  const configuration: InheritedConfiguration = {};
  if (docker_command !== undefined) {
    configuration.Cmd = words('docker_command', docker_command);
    if (configuration.Cmd.length === 0) throw unusable('docker_command', 'it is empty');
    if (docker_command.includes('\0')) throw unusable('docker_command', 'it has a NUL');
  }
  if (docker_environment !== undefined) {
    configuration.Env = words('docker_environment', docker_environment);
    // Names that are valid in every shell, and values of one line: the engine receives one instruction per line.
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

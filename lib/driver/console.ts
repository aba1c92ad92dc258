import type {
  ConsoleConnection,
  Diagnostics,
  Instance,
  RequestContext,
  VerbOptions,
} from '../../interfaces/index.js';
import {
  consoleOutput,
  flatDiagnostics,
  hasConfigDrive,
  instanceDiagnostics,
  measure,
} from '../instances/index.js';
import { serialConsole } from '../verbs/index.js';
import { DockerStorageVerbs } from './storage.js';
import { soundInstance } from '../verbs/index.js';

/** The verbs that show an instance's output, terminal and diagnostics. */
export abstract class DockerConsoleVerbs extends DockerStorageVerbs {
  override async get_console_output(
    _context: RequestContext,
    given: Instance,
    options: VerbOptions = {},
  ): Promise<string> {
    const instance = soundInstance(given);
    return await this.computeHost.look(
      'read the console of',
      instance,
      options,
      async ({ engine }, container, signal) => {
        return await consoleOutput(engine, container, signal);
      },
    );
  }

  override async get_serial_console(
    _context: RequestContext,
    given: Instance,
    options: VerbOptions = {},
  ): Promise<ConsoleConnection> {
    const instance = soundInstance(given);
    return await this.computeHost.look(
      'open the console of',
      instance,
      options,
      async (node, container, signal) => await serialConsole(node, instance, container, signal),
    );
  }

  override async get_diagnostics(
    given: Instance,
    options: VerbOptions = {},
  ): Promise<Record<string, string | number>> {
    const instance = soundInstance(given);
    return flatDiagnostics(await this.get_instance_diagnostics(instance, options));
  }

  override async get_instance_diagnostics(given: Instance, options: VerbOptions = {}): Promise<Diagnostics> {
    const instance = soundInstance(given);
    return await this.computeHost.look(
      'measure',
      instance,
      options,
      async ({ engine }, container, signal) => {
        const [stats, { OperatingSystem: hypervisor_os }] = await Promise.all([
          measure(engine, container, signal),
          engine.system.info({ signal }),
        ]);
        const config_drive = hasConfigDrive(container);
        return instanceDiagnostics(container, stats, { config_drive, hypervisor_os });
      },
    );
  }
}

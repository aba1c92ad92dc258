import type { Diagnostics, Instance, RequestContext, VerbOptions } from '../../interfaces/index.js';
import {
  consoleOutput,
  flatDiagnostics,
  hasConfigDrive,
  instanceDiagnostics,
  measure,
} from '../instances/index.js';
import { DockerStorageVerbs } from './storage.js';

/** The verbs that show what an instance prints, and how it does. */
export abstract class DockerConsoleVerbs extends DockerStorageVerbs {
  override async get_console_output(
    _context: RequestContext,
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<string> {
    return await this.computeHost.look(
      'read the console of',
      instance,
      options,
      async ({ engine }, container) => {
        return await consoleOutput(engine, container, options.signal);
      },
    );
  }

  override async get_diagnostics(
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<Record<string, string | number>> {
    return flatDiagnostics(await this.get_instance_diagnostics(instance, options));
  }

  override async get_instance_diagnostics(
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<Diagnostics> {
    return await this.computeHost.look('measure', instance, options, async ({ engine }, container) => {
      const [stats, { OperatingSystem: hypervisor_os }] = await Promise.all([
        measure(engine, container, options.signal),
        engine.system.info({ signal: options.signal }),
      ]);
      const config_drive = hasConfigDrive(container);
      return instanceDiagnostics(container, stats, { config_drive, hypervisor_os });
    });
  }
}

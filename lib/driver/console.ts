import type { Instance, RequestContext, VerbOptions } from '../../interfaces/index.js';
import { consoleOutput } from '../instances/index.js';
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
}

// An environment of jest whose suites share the modules of their process, instead of each loading the library anew.
// A suite that needs modules of its own says `@jest-environment node` in its first comment.
import { createContext, runInContext } from 'node:vm';
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

export default class SharedModulesEnvironment {
  fakeTimers = null;
  moduleMocker = new ModuleMocker(globalThis);
  #context = createContext({});
  #console;

  constructor({ projectConfig }) {
    this.global = runInContext('this', this.#context);
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  getVmContext() {
    return this.#context;
  }

  async setup() {
    this.#console = globalThis.console;
    globalThis.console = this.global.console;
  }

  async teardown() {
    this.fakeTimersModern.dispose();
    this.moduleMocker.restoreAllMocks();
    globalThis.console = this.#console ?? globalThis.console;
  }
}

// Runs a suite by jest's own runner, but loads it by Node's module loader: see environment.mjs.
import { createRequire, register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import circus from 'jest-circus/runner';
import { compiled, isTypeScript } from './compiled-files.mjs';
import SharedModulesEnvironment from './environment.mjs';
import { setGlobals } from './globals.mjs';
import { differences, processState } from './process-state.mjs';

const require = createRequire(import.meta.url);
const jestObject = fileURLToPath(new URL('./jest-object.cjs', import.meta.url));

let registered = false;
let suites = 0;

export default async function run(globalConfig, config, environment, runtime, path, send) {
  if (!(environment instanceof SharedModulesEnvironment))
    return circus.default(globalConfig, config, environment, runtime, path, send);
  if (!registered) register('./hooks.mjs', import.meta.url);
  registered = true;
  // jest asks this map for the files of a stack.
  runtime.getSourceMaps().get = (url) => (isTypeScript(url) ? compiled(url).map : undefined);
  const before = processState();
  const result = await circus.default(globalConfig, config, environment, natively(runtime), path, send);
  const changes = differences(before, processState());
  return changes.length === 0 ? result : failed(result, changes);
}

/** A suite that leaves what could change the result of another fails itself. */
function failed(result, changes) {
  const message = `The suite changed the process that it shares with others. Restore it in afterEach or afterAll:\n${changes.join('\n')}`;
  const testExecError = result.testExecError ?? { message, stack: message };
  return { ...result, testExecError, failureMessage: `${result.failureMessage ?? ''}\n  ● ${message}\n` };
}

/** A runtime that loads modules by Node's own loader. */
const natively = (runtime) =>
  new Proxy(runtime, {
    get(_, name) {
      if (Object.hasOwn(replaced, name)) return replaced[name];
      if (name === 'setGlobalsForRuntime')
        return (globals) => setGlobals({ ...globals, jest: jestOf(runtime) });
      const value = runtime[name];
      return typeof value === 'function' ? value.bind(runtime) : value;
    },
  });

const replaced = {
  /** Of jest's runner: anew for each suite, because it keeps the state of its tests. */
  requireInternalModule(path) {
    delete require.cache[path];
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    return require(path);
  },
  unstable_shouldLoadAsEsm: () => true,
  // The number makes a suite run again when the same process runs it twice.
  unstable_importModule: (path) => import(`${pathToFileURL(path)}?suite=${++suites}`),
};

/** jest's own object. */
function jestOf(runtime) {
  const refused = () => {
    throw new Error(
      'A suite that replaces or reloads modules says "@jest-environment node" in its first comment.',
    );
  };
  const names = [
    'mock',
    'doMock',
    'unstable_mockModule',
    'resetModules',
    'isolateModules',
    'isolateModulesAsync',
  ];
  return {
    ...runtime.requireModule(jestObject),
    ...Object.fromEntries(names.map((name) => [name, refused])),
  };
}

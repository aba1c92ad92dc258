// What suites share beside modules. A change that a suite leaves could hide a failure of another.

/** One line for each fact. */
export function processState() {
  return [
    `working directory ${process.cwd()}`,
    ...Object.entries(process.env).map(([name, value]) => `environment variable ${name}=${value}`),
    ...process
      .eventNames()
      .map((name) => `listeners of process for ${String(name)}: ${process.listenerCount(name)}`),
    // The first suite that imports zod brings these.
    ...names(globalThis, 'global').filter((name) => !name.startsWith('global __zod_')),
    ...names(Object.prototype, 'Object.prototype'),
    ...names(Array.prototype, 'Array.prototype'),
  ];
}

const names = (object, title) => Object.getOwnPropertyNames(object).map((name) => `${title} ${name}`);

export const differences = (before, after) => [
  ...before.filter((fact) => !after.includes(fact)).map((fact) => `- ${fact}`),
  ...after.filter((fact) => !before.includes(fact)).map((fact) => `+ ${fact}`),
];

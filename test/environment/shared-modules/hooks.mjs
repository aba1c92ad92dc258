// Hooks of Node's module loader: imports the project's TypeScript files, and the globals of jest.
import { existsSync, readFileSync } from 'node:fs';
import { compiled, isTypeScript } from './compiled-files.mjs';

const globals = new URL('./globals.mjs', import.meta.url).href;

export function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
  if (specifier.startsWith('.') && isTypeScript(context.parentURL ?? '')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export function load(url, context, next) {
  if (!isTypeScript(url)) return next(url, context);
  return { format: 'module', source: readFileSync(compiled(url).code, 'utf8'), shortCircuit: true };
}

// Compiles TypeScript, each file alone: `npm run typecheck` checks the types.
// As a program: transpile.mjs FILE FOLDER compiles a file, and all of the project that it imports, into a folder.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const project = fileURLToPath(new URL('../..', import.meta.url));

/** What else than a file determines its compiled text. */
export const recipe = [
  require('typescript/package.json').version,
  readFileSync(fileURLToPath(import.meta.url)),
];

/** Loaded late: nothing needs the compiler when jest has all compiled files in its cache. */
const compiler = () => require('typescript');

export function transpile(source, path) {
  const { ModuleKind, ScriptTarget, transpileModule } = compiler();
  const { outputText, sourceMapText } = transpileModule(source, {
    fileName: path,
    compilerOptions: {
      target: ScriptTarget.ES2023,
      module: ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      sourceMap: true,
    },
  });
  return { code: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ''), map: sourceMapText };
}

function compileInto(folder, path, done = new Set()) {
  if (done.has(path)) return;
  done.add(path);
  const { code } = transpile(readFileSync(path, 'utf8'), path);
  const compiled = join(folder, relative(project, path)).replace(/\.ts$/, '.js');
  mkdirSync(dirname(compiled), { recursive: true });
  writeFileSync(compiled, code);
  for (const { fileName } of compiler().preProcessFile(code).importedFiles)
    if (fileName.startsWith('.'))
      compileInto(folder, resolve(dirname(path), fileName.replace(/\.js$/, '.ts')), done);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, folder] = process.argv.slice(2);
  for (const shared of ['package.json', 'node_modules'])
    symlinkSync(join(project, shared), join(folder, shared));
  compileInto(folder, path);
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import * as contracts from '../../interfaces/index.js';
import { settingsOf } from '../../lib/driver/options.js';
import { defaultTimeouts } from '../../lib/engine/index.js';
import * as face from '../../lib/index.js';
import * as kit from '../../lib/testing/index.js';
import { answeredByNova, besideNova } from '../support/nova-verbs.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

const read = (path: string): string => `\n${readFileSync(join(project, path), 'utf8')}`;

/** A document without the programs in it. */
const textOf = (path: string): string => read(path).replaceAll(/^```[^]*?^```/gm, '');

/** The lines of a document, without the end of the last one. */
const linesOf = (path: string): string[] => read(path).slice(1).trimEnd().split('\n');

/** All documents, by their paths. */
const documents = ['', 'docs', 'fixtures', 'test/bench'].flatMap((folder) =>
  readdirSync(join(project, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/**
 * The rows, cell by cell, of all tables of a document below a heading, down to the next heading of its level or above.
 *
 * @param only the headings of the tables wanted; else all.
 */
function rowsBelow(path: string, heading: string, only?: string): string[][] {
  const level = heading.indexOf(' ');
  const [, below = ''] = read(path).split(`\n${heading}\n`);
  const [section = ''] = below.split(new RegExp(`^#{1,${level}} `, 'm'));
  const tables = section.match(/(?:^\|.*\n)+/gm) ?? [];
  return tables
    .map((table) => table.trimEnd().split('\n').map(cells))
    .filter(([first = []]) => only === undefined || first[0] === only)
    .flatMap((table) => table.slice(2));
}

/** The list items of a document below a heading, down to the next heading of its level or above. */
function itemsBelow(path: string, heading: string): string[] {
  const level = heading.indexOf(' ');
  const [, below = ''] = read(path).split(`\n${heading}\n`);
  const [section = ''] = below.split(new RegExp(`^#{1,${level}} `, 'm'));
  return section.match(/^- .*(?:\n {2}\S.*)*/gm) ?? [];
}

/** What a text has in code type. */
const coded = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The verbs that Nova's base class implements, and this driver does more for. */
const ownAnswers = `
  cleanup_host instance_exists instance_on_disk failed_spawn_cleanup delete_instance_files manage_image_cache
`
  .trim()
  .split(/\s+/);

/** Whether the driver refuses a verb: it then names it. */
async function isRefused(verb: string): Promise<boolean> {
  const driver = new face.DockerDriver({ engine: 'unix:///nowhere' });
  const method: unknown = Reflect.get(driver, verb);
  if (typeof method !== 'function') throw new TypeError(`${verb} is no method`);
  try {
    await Reflect.apply(method, driver, []);
    return false;
  } catch (error) {
    return error instanceof contracts.NotImplementedError && error.message.includes(` ${verb}: `);
  }
}

describe('the tables of verbs', () => {
  const verbs = Object.getOwnPropertyNames(face.DockerDriver.prototype).filter(
    (name) => name !== 'constructor' && !besideNova.includes(name),
  );

  it("have each method of Nova's ComputeDriver once, and say rightly which are done, refused or answered by default", async () => {
    const kind = async (verb: string): Promise<string> => {
      if (await isRefused(verb)) return 'refused';
      return answeredByNova.includes(verb) && !ownAnswers.includes(verb) ? 'default' : 'done';
    };
    const offered = await Promise.all(verbs.map(async (verb) => `${verb}: ${await kind(verb)}`));
    const told = rowsBelow('docs/virt-driver.md', '## The verbs').map(([verb = '', here = '']) => {
      return `${coded(verb).join()}: ${/^(refused|default): ./.exec(here)?.[1] ?? 'done'}`;
    });
    expect(offered.length).toBeGreaterThan(100);
    expect(told.sort()).toEqual(offered.sort());
  });

  it('compare with nova-docker and Zun the verbs that one of these has', () => {
    const rows = rowsBelow('docs/virt-driver.md', '## Compared with nova-docker and Zun');
    const compared = rows.map(([verb = '']) => coded(verb).join());
    expect(compared.length).toBeGreaterThan(40);
    expect(new Set(compared).size).toBe(compared.length);
    for (const verb of compared) expect(verbs).toContain(verb);
    for (const row of rows) expect(row).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
  });
});

/** The options that a table names, with what it says is the default. */
const toldOptions = (heading: string, column = 'option'): [option: string, preset: string][] =>
  rowsBelow('docs/configuration.md', heading, column).map(([option = '', , preset = '']) => [
    coded(option).join(),
    preset.replaceAll('`', ''),
  ]);

/** The names of options that a constructor, or what checks its options, looks at. */
function askedOptions(check: (options: object) => unknown): string[] {
  const asked = new Set<string>();
  const everything = new Proxy(
    {},
    {
      get: (_nothing, name) => {
        asked.add(String(name));
        return undefined;
      },
    },
  );
  try {
    check(everything);
  } catch (error) {
    if (!(error instanceof face.InvalidInput)) throw error;
  }
  return [...asked];
}

describe('the tables of options', () => {
  it.each<[string, (options: object) => unknown]>([
    ['## DockerDriver', settingsOf],
    // As JavaScript calls them, without a compiler.
    ['## GlanceImageService', (options): unknown => Reflect.construct(face.GlanceImageService, [options])],
    [
      '## DirectoryImageService',
      (options): unknown => Reflect.construct(face.DirectoryImageService, [options]),
    ],
    ['## ImageTemplates', (options): unknown => Reflect.construct(face.ImageTemplates, [options])],
    ['## RegistryExchange', (options): unknown => Reflect.construct(face.RegistryExchange, [options])],
  ])('have every option once, and no other: %s', (heading, check) => {
    const told = toldOptions(heading).map(([option]) => option.split('.')[0]);
    expect(told.length).toBeGreaterThan(2);
    expect(told.sort()).toEqual(askedOptions(check).sort());
  });

  it('say the defaults that are one value', () => {
    const told = new Map(toldOptions('## DockerDriver'));
    const ofThisMachine = 'maxLaunches';
    const presets = Object.entries<unknown>(settingsOf({})).filter(
      ([option, preset]) => typeof preset !== 'object' && option !== ofThisMachine,
    );
    expect(presets.length).toBeGreaterThan(8);
    for (const [option, preset] of presets)
      expect([option, told.get(option)]).toEqual([option, String(preset)]);
  });

  it.each([
    ['### Engine timeouts', defaultTimeouts],
    ['### Limits of an image', face.defaultImageLimits],
  ])('say each default: %s', (heading, presets) => {
    expect(Object.fromEntries(toldOptions(heading, 'field'))).toEqual(
      Object.fromEntries(Object.entries(presets).map(([field, preset]) => [field, String(preset)])),
    );
  });

  it('of the README have eight that the driver has, with the same defaults where these are one value', () => {
    const all = new Map(toldOptions('## DockerDriver'));
    const rows = rowsBelow('README.md', '## The options that matter most');
    expect(rows).toHaveLength(8);
    for (const [option = '', , preset = ''] of rows) {
      const [name = ''] = coded(option);
      expect([...all.keys()]).toContain(name);
      if (/^`\d+`$/.test(preset)) expect([name, preset]).toEqual([name, `\`${all.get(name) ?? ''}\``]);
    }
  });
});

const isErrorClass = (value: unknown): boolean =>
  typeof value === 'function' && value.prototype instanceof Error;

const notOfNova = Object.fromEntries(Object.entries(face).filter(([name]) => !(name in contracts)));

describe('the lists of errors', () => {
  const named = coded(textOf('docs/errors.md'));

  it('name errors that can be caught by their class', () => {
    const classes = named.filter((name) => /^[A-Z]\w*[a-z]\w*$/.test(name));
    expect(classes.length).toBeGreaterThan(30);
    for (const name of classes) expect([...Object.keys(face), ...Object.keys(kit)]).toContain(name);
  });

  it.each([
    ['## Codes', { ...contracts }],
    ['## Errors that Nova does not have', { ...notOfNova, ...kit }],
  ])('have every error once, with its code: %s', (heading, errors) => {
    const classes = Object.entries(errors)
      .filter(([name, value]) => isErrorClass(value) && name !== 'DriverError')
      .map(([name]) => `${name}: ${name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}`);
    const told = itemsBelow('docs/errors.md', heading).map((item) => coded(item).slice(0, 2).join(': '));
    expect(told.sort()).toEqual(classes.sort());
  });
});

describe('the README', () => {
  it('is a page: 150 lines at most', () => {
    expect(linesOf('README.md').length).toBeLessThanOrEqual(150);
  });

  it('shows a first program of 30 lines at most, which is the example that the tests run', () => {
    const [, shown = ''] = /## A first program\n[^]*?```ts\n([^]*?)```/.exec(read('README.md')) ?? [];
    const example = readFileSync(join(project, 'docs/examples/first-program.ts'), 'utf8');
    expect(shown).toBe(example.replace("'../../lib/index.js'", "'nova-docker-driver'"));
    expect(shown.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });

  it('gives five security rules, of which the first is about cached images', () => {
    const [, rules = ''] = /\n## Five security rules\n([^]*?)\n## /.exec(read('README.md')) ?? [];
    const numbered = rules.match(/^\d\. .*/gm) ?? [];
    expect(numbered).toHaveLength(5);
    expect(numbered[0]).toContain('cached image');
  });
});

describe('the documents', () => {
  it.each(documents)('have no line longer than 120 characters outside of programs: %s', (path) => {
    const lines = textOf(path).split('\n');
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  const { scripts, dependencies, devDependencies } = z
    .object({
      scripts: z.record(z.string(), z.string()),
      dependencies: z.record(z.string(), z.string()),
      devDependencies: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(read('package.json')));

  it.each(documents)('link to files and sections that exist: %s', (path) => {
    for (const [, file = '', section = ''] of textOf(path).matchAll(
      /\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g,
    )) {
      const target = file === '' ? path : join(dirname(path), file);
      expect([target, existsSync(join(project, target))]).toEqual([target, true]);
      if (section === '') continue;
      const anchors = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(anchors).toContain(section);
    }
  });

  it('are all in the index, and each example is', () => {
    const index = read('docs/README.md');
    const linked = [...index.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => join('docs', target));
    const readers = documents.filter((path) => !/^(fixtures|test)\/|^docs\/README.md$/.test(path));
    for (const path of readers) expect(linked).toContain(path);
    const helpers = ['busybox-archive.ts', 'example-host.ts', 'forget-images.ts', 'register.mjs', 'table.ts'];
    for (const name of readdirSync(join(project, 'docs/examples')))
      if (!helpers.includes(name)) expect(linked).toContain(join('docs/examples', name));
  });

  it('name tests that exist, for each defence', () => {
    const tests = readdirSync(join(project, 'test'), { recursive: true, encoding: 'utf8' }).map((path) =>
      basename(path),
    );
    const named = [...read('docs/security.md').matchAll(/`([\w-]+\.test\.ts)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(25);
    for (const name of named) expect(tests).toContain(name);
  });

  it('have a plan of the house that fits in 250 lines and has every room', () => {
    expect(linesOf('docs/architecture.md').length).toBeLessThanOrEqual(250);
    const [plan = ''] = /```\n[^]*?\n```/.exec(read('docs/architecture.md')) ?? [];
    const drawn = [...plan.matchAll(/^ {2}([a-z-]+)\/ /gm)].map(([, room]) => room);
    const rooms = readdirSync(join(project, 'lib'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(drawn.sort()).toEqual(rooms.sort());
  });

  it.each(documents)('name commands that exist: %s', (path) => {
    for (const [, script = ''] of read(path).matchAll(/npm (?:run )?(?!run|ci|pack|install)([\w-]+)\b/g))
      expect(Object.keys(scripts)).toContain(script);
  });

  it('have a table of all commands of a clone', () => {
    const rows = rowsBelow('CONTRIBUTING.md', '## Commands');
    const told = rows.map(([command = '']) => /^`npm (?:run )?([\w-]+)`$/.exec(command)?.[1]);
    expect(told.sort()).toEqual(
      Object.keys(scripts)
        .filter((name) => name !== 'prepack')
        .sort(),
    );
  });

  it.each([
    ['a user installs', '## For users', dependencies],
    ['developing needs', '## For development', devDependencies],
  ])('say of every package that %s what it is for', (_who, heading, packages) => {
    const told = rowsBelow('docs/dependencies.md', heading).flatMap(([names = '']) => names.split(', '));
    expect(told.map((name) => name.split(' ')[0]).sort()).toEqual(Object.keys(packages).sort());
  });
});

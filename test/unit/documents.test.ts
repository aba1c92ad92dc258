import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { NotImplementedError } from '../../interfaces/index.js';
import { settingsOf } from '../../lib/driver-options.js';
import { silentLogger } from '../../lib/silent-logger.js';
import * as face from '../../lib/index.js';
import { NovaDefaults } from '../../lib/nova-defaults.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const documents = ['README.md', 'docs/architecture.md', 'docs/dependencies.md', 'docs/virt-driver.md'];

const read = (path: string): string => `\n${readFileSync(join(project, path), 'utf8')}`;

const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The rows, cell by cell, of the first table of a document below a line. */
function table(path: string, line: string): string[][] {
  const below = read(path).split(`\n${line}\n`)[1] ?? '';
  const lines = /(?:^\|.*\n)+/m.exec(below)?.[0].trimEnd().split('\n') ?? [];
  return lines.slice(2).map(cells);
}

/** What a cell has in code type. */
const coded = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The methods that the classes of a prototype have, down to one that is left out. */
function methods(prototype: object, end: object): string[] {
  const base: unknown = Reflect.getPrototypeOf(prototype);
  const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  return typeof base !== 'object' || base === null || base === end ? own : [...own, ...methods(base, end)];
}

class BareDriver extends NovaDefaults {}

/** Whether Nova's base class leaves a verb to the driver: one that only asks such a verb does not count. */
async function isLeftToDriver(verb: string): Promise<boolean> {
  const driver = new BareDriver(silentLogger);
  try {
    const method: unknown = Reflect.get(driver, verb);
    if (typeof method !== 'function') throw new TypeError(`${verb} is no method`);
    await Reflect.apply(method, driver, []);
    return false;
  } catch (error) {
    return error instanceof NotImplementedError && error.message.startsWith(`${verb} is not offered`);
  }
}

describe('the table of verbs', () => {
  const rows = table('docs/virt-driver.md', '# The virt driver, verb by verb');

  it("has each method of Nova's ComputeDriver once, and says rightly which are done, refused or answered by default", async () => {
    const brought = methods(face.DockerDriver.prototype, NovaDefaults.prototype);
    const kind = async (verb: string): Promise<string> => {
      if (brought.includes(verb)) return 'done';
      return (await isLeftToDriver(verb)) ? 'refused' : 'default';
    };
    const verbs = methods(NovaDefaults.prototype, Object.prototype);
    const offered = await Promise.all(verbs.map(async (verb) => `${verb}: ${await kind(verb)}`));
    const told = rows.map(([verb = '', here = '']) => {
      return `${coded(verb).join()}: ${/^(refused|default): ./.exec(here)?.[1] ?? 'done'}`;
    });
    expect(offered.length).toBeGreaterThan(100);
    expect(told.sort()).toEqual(offered.sort());
  });

  it('says of each what it does here, and what a user of nova-docker and Zun had', () => {
    for (const row of rows)
      expect(row).toEqual([
        expect.any(String),
        expect.stringMatching(/./),
        expect.stringMatching(/^both: .|^nova-docker: .*; Zun: ./),
      ]);
  });
});

describe('the table of options', () => {
  const rows = table('README.md', '## Options of DockerDriver');

  it('has every option of the driver once, and no other', () => {
    const asked: string[] = [];
    const everything = new Proxy(
      {},
      {
        get: (_nothing, name) => {
          asked.push(String(name));
          return undefined;
        },
      },
    );
    settingsOf(everything);
    const told = rows.flatMap(([option = '']) => coded(option));
    expect(told.sort()).toEqual([...new Set(asked)].sort());
  });

  it('tells the defaults that are one value', () => {
    const told = new Map(rows.map(([option = '', , preset = '']) => [coded(option).join(), preset]));
    const ofThisMachine = 'maxLaunches';
    const presets = Object.entries(settingsOf({})).filter(
      ([option, preset]) => typeof preset !== 'object' && option !== ofThisMachine,
    );
    expect(presets.length).toBeGreaterThan(8);
    for (const [option, preset] of presets)
      expect([option, told.get(option)?.replaceAll('`', '')]).toEqual([option, String(preset)]);
  });
});

describe('the table of errors', () => {
  it('names errors that can be caught by their class', () => {
    const told = table('README.md', '## Errors').flatMap(([, errors = '']) => coded(errors));
    const classes = told.filter((name) => /^[A-Z]/.test(name));
    expect(classes.length).toBeGreaterThan(20);
    for (const name of classes) expect(Object.keys(face)).toContain(name);
  });
});

describe('the documents', () => {
  const { scripts, dependencies, devDependencies } = z
    .object({
      scripts: z.record(z.string(), z.string()),
      dependencies: z.record(z.string(), z.string()),
      devDependencies: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(read('package.json')));

  it.each(documents)('link to files and sections that exist: %s', (path) => {
    for (const [, file = '', section = ''] of read(path).matchAll(
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

  it('draw a plan of rooms and files that exist', () => {
    const names = ['lib', 'interfaces', 'test', 'fixtures'].flatMap((top) => [
      top,
      ...readdirSync(join(project, top), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
    ]);
    const plan = read('docs/architecture.md');
    const drawn = [...plan.matchAll(/(?<![\w./-])([a-z][\w-]*(?:\.ts|(?=\/)))(?!\/?[\w<])/g)];
    expect(drawn.length).toBeGreaterThan(30);
    for (const [, name] of drawn) expect(names).toContain(name);
  });

  it.each(documents)('name commands that exist: %s', (path) => {
    for (const [, script = ''] of read(path).matchAll(/npm (?:run )?(?!run|ci|pack|install)([\w-]+)\b/g))
      expect(Object.keys(scripts)).toContain(script);
  });

  it('have a table of all commands of a clone', () => {
    const rows = table(
      'README.md',
      "All commands of a clone; those that need the project's packages after `npm ci`, the others install them:",
    );
    const told = rows.map(([command = '']) => /^`npm (?:run )?([\w-]+)`$/.exec(command)?.[1]);
    expect(told.sort()).toEqual(
      Object.keys(scripts)
        .filter((name) => name !== 'prepack')
        .sort(),
    );
  });

  it.each([
    ['a user installs', 'Each has to earn its place. What a user installs:', dependencies],
    ['developing needs', 'What developing needs:', devDependencies],
  ])('say of every package that %s what it is for', (_who, line, packages) => {
    const told = table('docs/dependencies.md', line).flatMap(([names = '']) => names.split(', '));
    expect(told.map((name) => name.split(' ')[0]).sort()).toEqual(Object.keys(packages).sort());
  });
});

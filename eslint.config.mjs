import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The house rule: imports run one way, docker-driver → rooms → engine → the leaves (streams, labels) → interfaces.
 * A room is entered by its index.ts and never imports its neighbour.
 */
const rooms = ['images', 'instances', 'network', 'host', 'events', 'console'];
const leaves = ['streams'];

const forbid = (files, patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});
const rule = (regex, message) => ({ regex, message });
const driver = rule('(^|/)(docker-driver\\.js|driver/)', 'Nothing imports the driver but the public index.');
const insides = rule(
  `^(\\.\\./)+(lib/)?(${[...rooms, ...leaves, 'engine', 'testing', 'verbs', 'driver'].join('|')})/(?!index\\.js$)`,
  'Enter a room by its index.ts.',
);
const other = (names) =>
  rule(`^(\\.\\./)+(${names.join('|')})/`, 'This room may not import that one: see docs/architecture.md.');

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'docs/api', '.cache', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A verb must name the arguments that Nova passes, also those it does not need.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'no-param-reassign': 'error',
    },
  },
  {
    // Names: what Nova defines keeps Nova's snake_case, what is ours is camelCase.
    files: ['lib/**/*.ts', 'interfaces/**/*.ts'],
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        { selector: 'function', format: ['camelCase'] },
        {
          selector: 'variable',
          modifiers: ['global'],
          format: ['camelCase', 'snake_case', 'UPPER_CASE', 'PascalCase'],
        },
        {
          selector: ['variable', 'parameter'],
          format: ['camelCase', 'snake_case'],
          leadingUnderscore: 'allow',
        },
        { selector: 'classMethod', format: ['camelCase', 'snake_case'], leadingUnderscore: 'allow' },
      ],
    },
  },
  forbid(['interfaces/**/*.ts'], [rule('^(\\.\\./)+lib/', 'interfaces import nothing from lib.')]),
  forbid(
    ['lib/streams/**/*.ts'],
    [rule('^\\.\\./(?!\\.\\./interfaces/)', 'A leaf imports interfaces only.')],
  ),
  forbid(['lib/engine/**/*.ts'], [driver, insides, other([...rooms, 'testing', 'verbs'])]),
  ...rooms.map((room) =>
    forbid(
      [`lib/${room}/**/*.ts`],
      [driver, insides, other([...rooms.filter((r) => r !== room), 'testing', 'verbs'])],
    ),
  ),
  forbid(['lib/testing/**/*.ts'], [driver, insides, other([...rooms, 'engine', 'verbs'])]),
  forbid(
    ['lib/driver/**/*.ts'],
    [rule('(^|/)docker-driver\\.js', 'The driver is made of its verbs.'), insides, other(['testing'])],
  ),
  forbid(['lib/docker-driver.ts', 'lib/index.ts'], [insides, other(['testing'])]),
  {
    files: ['test/**/*.ts', 'docs/examples/**/*.ts', 'fixtures/*.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        AbortSignal: 'readonly',
        AbortController: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
  },
);

/**
 * The rules of the layout, see docs/architecture.md: which room may import which. Imports run one way, from a higher floor
 * to a lower one; rooms on one floor do not import each other; a room is entered by its index.ts.
 */
const floors = [
  ['driver'],
  ['verbs', 'image-exchange', 'registry'],
  ['images', 'instances', 'network', 'host', 'events', 'serial-consoles'],
  ['image-services', 'archives'],
  ['progress'],
  ['engine', 'http'],
  ['streams', 'common'],
];
/** Sub-rooms, from the highest to the lowest: the files beside them are higher than all of them. */
const subRooms = {
  verbs: [
    ['migration', 'storage'],
    ['host-reports', 'queries', 'console', 'interfaces'],
    ['steps'],
    ['definition'],
  ],
  images: [['shared-directory', 'transfer'], ['layers'], ['references']],
  'image-exchange': [['templates'], ['registry-client']],
  registry: [['snapshots'], ['endpoints'], ['images'], ['blobs', 'access'], ['http']],
  'image-services': [['glance', 'directory'], ['shared']],
  instances: [
    ['disks'],
    ['containers'],
    ['states', 'reports'],
    ['lookup', 'rescue'],
    ['errors', 'files'],
    ['specification'],
  ],
  network: [['reserved']],
  engine: [['schemas']],
};

const below = (list, index) => list.slice(index + 1).flat();
const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const anyOf = (names) => `(${names.join('|')})`;

const floorRules = floors.flatMap((floor, index) =>
  floor.map((room) =>
    error(
      `${room}-imports-downwards`,
      `lib/${room} may import only lower floors: ${below(floors, index).join(', ') || 'interfaces'}.`,
      { path: `^lib/${room}/` },
      { path: '^lib/', pathNot: `^lib/${anyOf([room, ...below(floors, index)])}/` },
    ),
  ),
);

const subRoomRules = Object.entries(subRooms).flatMap(([room, levels]) =>
  levels.flatMap((level, index) =>
    level.map((subRoom) =>
      error(
        `${room}-${subRoom}-imports-downwards`,
        `lib/${room}/${subRoom} may import of lib/${room} only: ${below(levels, index).join(', ') || 'nothing'}.`,
        { path: `^lib/${room}/${subRoom}/` },
        { path: `^lib/${room}/`, pathNot: `^lib/${room}/${anyOf([subRoom, ...below(levels, index)])}/` },
      ),
    ),
  ),
);

export default {
  forbidden: [
    error('no-circle', 'Files must not import each other in a circle.', {}, { circular: true }),
    error('no-orphan', 'A file that nothing imports is dead.', { orphan: true, pathNot: '\\.d\\.ts$' }, {}),
    error(
      'interfaces-import-nothing',
      'interfaces/ holds contracts only.',
      { path: '^interfaces/' },
      { path: '^lib/' },
    ),
    error(
      'enter-a-room-by-its-index',
      'Import a room through its index.ts.',
      { path: '^lib/([^/]+)/' },
      { path: '^lib/[^/]+/', pathNot: '^lib/$1/|^lib/[^/]+/index\\.ts$' },
    ),
    error(
      'enter-a-sub-room-by-its-index',
      'Import a sub-room through its index.ts.',
      { path: '^lib/([^/]+)/([^/]+\\.ts|[^/]+/)' },
      { path: '^lib/$1/[^/]+/', pathNot: '^lib/$1/$2|^lib/$1/[^/]+/index\\.ts$|^lib/engine/schemas/' },
    ),
    error(
      'public-index-uses-indexes',
      'The public index imports rooms through their index.ts.',
      { path: '^lib/index\\.ts$' },
      { path: '^lib/', pathNot: '^lib/[^/]+/index\\.ts$' },
    ),
    error(
      'testing-stands-alone',
      'The testing kit knows nothing of the driver.',
      { path: '^lib/testing/' },
      { path: '^lib/', pathNot: '^lib/testing/' },
    ),
    error(
      'nothing-imports-testing',
      'The library does not use its testing kit.',
      { path: '^lib/', pathNot: '^lib/testing/' },
      { path: '^lib/testing/' },
    ),
    ...floorRules,
    ...subRoomRules,
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
  },
};

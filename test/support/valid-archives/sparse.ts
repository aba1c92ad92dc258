import { padded, rawHeader } from '../archives.js';
import { paxRecords, sparseFile, sparseVersions } from '../sparse-files.js';
import { tinyProgram } from '../tiny-program.js';
import {
  contentOf,
  docker,
  each,
  end,
  image,
  isLayer,
  rootFileSystem,
  rootFiles,
  withLayer,
  type ValidArchive,
} from './build.js';

const bytesOf = ({ raw: bytes }: ReturnType<typeof sparseFile>): Buffer => bytes ?? end;

/** A file of 12 KiB with data at its beginning and in its midst. */
const holey = (version: (typeof sparseVersions)[number], name: string): ReturnType<typeof sparseFile> =>
  sparseFile(version, {
    name,
    size: 12_288,
    data: [
      [0, 'begins'],
      [4096, Buffer.alloc(600, 'x')],
      [12_288, ''],
    ],
  });

/** The program as a sparse file, with a hole at its end. */
const sparseProgram = (version: (typeof sparseVersions)[number]): ReturnType<typeof sparseFile> =>
  sparseFile(version, {
    name: 'etc/tiny',
    size: tinyProgram().length + 4096,
    data: [[0, tinyProgram()]],
    mode: '755',
  });

/** Archives with sparse files. */
export const sparseArchives: readonly ValidArchive[] = [
  ...sparseVersions.flatMap((version) => [
    image(
      `whose layer has a sparse file of version ${version}`,
      withLayer(bytesOf(holey(version, 'etc/sparse'))),
    ),
    image(
      `whose program is a sparse file of version ${version}`,
      docker((entries) => entries, [Buffer.concat([bytesOf(sparseProgram(version)), end])]),
    ),
    image(
      `whose layer's own entry is a sparse file of version ${version}`,
      docker(
        each((entry) => {
          if (!isLayer(entry)) return [entry];
          const content = contentOf(entry);
          const last = content.length - end.length;
          const data = [[0, content.subarray(0, last)] as const];
          return [sparseFile(version, { name: entry.name, size: content.length, data })];
        }),
      ),
    ),
    rootFileSystem(`whose program is a sparse file of version ${version}`, [
      ...rootFiles.slice(0, 1),
      sparseProgram(version),
    ]),
  ]),
  image(
    'whose layer has a file of nothing but a sparse hole',
    withLayer(bytesOf(sparseFile('1.0', { name: 'hole', size: 1024 * 1024 })), rawHeader({ name: 'after' })),
  ),
  image(
    'whose layer has a sparse file of a version that does not exist, which is stored as it is',
    withLayer(
      paxRecords([
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '1'],
        ['GNU.sparse.name', '../x'],
        ['GNU.sparse.realsize', '-1'],
      ]),
      rawHeader({ name: 'stored', size: 6 }),
      padded('hello\n'),
    ),
  ),
  image(
    'whose layer has a global header about a sparse file, which is ignored',
    docker(
      (entries) => entries,
      [
        Buffer.concat([
          paxRecords(
            [
              ['GNU.sparse.major', '1'],
              ['GNU.sparse.minor', '0'],
            ],
            'g',
          ),
          rawHeader({ name: 'plain', size: 6 }),
          padded('hello\n'),
          end,
        ]),
      ],
    ),
  ),
];

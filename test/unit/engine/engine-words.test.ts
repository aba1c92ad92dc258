import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { engineWords } from '../../../lib/engine/index.js';

const root = new URL('../../../', import.meta.url);

describe('engineWords', () => {
  // Words of the engines that are named.
  it.each([
    ['noSuchContainer', 'No such container: none'], // 30
    ['noSuchImage', 'No such image: nothing:1'], // 30
    ['refusedByAll', 'invalid JSON: ParseAddr("not-an-address"): unable to parse IP'], // 30
    ['refusedByAll', 'no configured subnet contains IP address 192.0.2.9'], // 30
    ['refusedByAll', 'no configured subnet or ip-range contain the IP address 192.0.2.9'], // 28.5
    ['refusedByAll', 'Minimum memory limit allowed is 6MB'], // 28.5
    ['imageCannotRun', 'No command specified'], // 28.5
    ['noSuchPlace', 'mkdir /var/lib/docker/x: file exists'], // 28.5
    ['faultyArchive', 'archive/tar: invalid tar header'], // 28.5
  ] as const)('know %s by: %s', (name, words) => {
    expect(engineWords[name].test(words)).toBe(true);
  });

  it('do not blame the archive for a word in other letters', () => {
    expect(engineWords.faultyArchive.test('Unexpected eof')).toBe(false);
  });

  it("are the only patterns that the library tests an engine's message with", () => {
    const files = readdirSync(new URL('lib/', root), { recursive: true, encoding: 'utf8' });
    const others = files
      .filter((path) => path.endsWith('.ts'))
      .filter((path) =>
        /\/[gimsuvy]*\.(?:test|exec)\(\w*\.?(?:engineMessage|stream|status)\b/.test(
          readFileSync(new URL(`lib/${path}`, root), 'utf8'),
        ),
      );
    expect(others).toEqual([]);
  });
});

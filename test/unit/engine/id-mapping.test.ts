import { describe, expect, it } from '@jest/globals';
import { idMapping } from '../../../lib/engine/id-mapping.js';

const plain = ['name=seccomp,profile=builtin', 'name=cgroupns'];

describe('idMapping', () => {
  it('is undefined where the engine has no user namespaces, and where it is rootless', () => {
    expect(idMapping({ SecurityOptions: plain, DockerRootDir: '/var/lib/docker' })).toBeUndefined();
    expect(idMapping({ SecurityOptions: plain, DockerRootDir: '/srv/200000.200000' })).toBeUndefined();
    const rootless = [...plain, 'name=rootless'];
    expect(
      idMapping({ SecurityOptions: rootless, DockerRootDir: '/home/me/.local/share/docker' }),
    ).toBeUndefined();
  });

  it('maps ids of the host to ids in the container, and ids outside its range to nobody (65534)', () => {
    const mapping = idMapping({
      SecurityOptions: [...plain, 'name=userns'],
      DockerRootDir: '/var/lib/docker/200000.300000',
    });
    expect([200_000, 200_012, 265_535, 0].map((id) => mapping?.uid(id))).toEqual([0, 12, 65_535, 65_534]);
    expect([300_000, 300_034, 200_000].map((id) => mapping?.gid(id))).toEqual([0, 34, 65_534]);
  });
});

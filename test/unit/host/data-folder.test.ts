import { describe, expect, it } from '@jest/globals';
import { dataFolder } from '../../../lib/host/data-folder.js';

const classic: [string, string][] = [['Backing Filesystem', 'extfs']];
const containerdStore: [string, string][] = [['driver-type', 'io.containerd.snapshotter.v1']];
const systemd = { Address: '/run/containerd/containerd.sock' };
const own = { Address: '/var/run/docker/containerd/containerd.sock' };

describe('the folder of images and files of containers', () => {
  it.each([
    ['the engine has the classic store', classic, systemd, '/var/lib/docker'],
    ["the host's containerd has the images", containerdStore, systemd, '/var/lib/containerd'],
    ['the engine starts its own containerd', containerdStore, own, '/var/lib/docker'],
    ['the engine does not name its containerd', containerdStore, undefined, '/var/lib/docker'],
  ])('when %s', (_when, DriverStatus, Containerd, folder) => {
    expect(dataFolder({ DriverStatus, Containerd, DockerRootDir: '/var/lib/docker' })).toBe(folder);
  });
});

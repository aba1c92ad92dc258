import { describe, expect, it } from '@jest/globals';
import { DockerDriver, StaticAccounts } from '../../../lib/index.js';
import { settingsOf } from '../../../lib/driver/options.js';

const accounts = new StaticAccounts([]);

describe('the options of a driver', () => {
  it('are all optional', () => {
    expect(settingsOf({})).toMatchObject({
      maxPids: 4096,
      allowPrivileged: false,
      pauseForSnapshot: true,
      snapshots: 'full',
      logs: { maxBytes: 10_485_760, maxFiles: 3 },
    });
  });

  it.each([
    [{ maxCopiedBytes: 0 }, 'maxCopiedBytes'],
    [{ maxLaunches: 0 }, 'maxLaunches'],
    [{ maxPids: 1.5 }, 'maxPids'],
    [{ maxOpenFiles: { soft: 0 } }, 'soft'],
    [{ maxOpenFiles: { soft: 5000, hard: 4096 } }, 'soft must not be more than hard'],
    [{ blockDevice: 'sda' }, 'blockDevice'],
    [{ myIp: 'localhost' }, 'myIp'],
    [{ localGb: -1 }, 'localGb'],
    [{ reservedSubnets: ['10.0.0.0'] }, 'reservedSubnets'],
    [{ reservedSubnets: ['10.0.0.0/33'] }, 'reservedSubnets'],
    [{ allowedVolumes: [''] }, 'allowedVolumes'],
    [{ allowedHostPaths: ['srv'] }, 'allowedHostPaths'],
    [{ allowedHostPaths: ['/srv/../etc'] }, 'allowedHostPaths'],
    [{ sharedDirectory: 'images' }, 'sharedDirectory'],
    [{ sharedDirectory: '/srv/../images' }, 'sharedDirectory'],
    [{ serialConsole: { address: 'console.example' } }, 'address'],
    [{ serialConsole: { address: '0.0.0.0' } }, 'not the wildcard address'],
    [{ serialConsole: { address: '::' } }, 'not the wildcard address'],
    [{ serialConsole: { address: '10.0.0.1', ports: [20_000, 10_000] as const } }, 'ports'],
    [{ serialConsole: { address: '10.0.0.1', ports: [10_000, 70_000] as const } }, 'ports'],
    [{ vendorData: { when: new Date() } }, 'vendorData'],
    [{ engine: 'ftp://somewhere' }, 'ftp'],
    [{ imageLimits: { maxBytes: -5 } }, 'maxBytes'],
    [{ logs: { maxBytes: 1000 } }, 'maxBytes'],
    [{ logs: { maxFiles: 1 } }, 'maxFiles'],
    [{ registry: { accounts, port: 70_000 } }, 'registry.port'],
    [{ registry: { accounts, address: '0.0.0.0' } }, 'tls is required'],
    [{ registry: { accounts, engineAddress: 'http://host' } }, 'registry.engineAddress'],
    [{ timeouts: { readMs: Number.NaN } }, 'readMs'],
  ])('are refused when they are invalid: %p', (options, named) => {
    expect(() => new DockerDriver(options)).toThrow(
      expect.objectContaining({ name: 'InvalidInput', message: expect.stringContaining(named) }),
    );
  });

  it.each([
    [
      { soft: 256, hard: 4096 },
      { soft: 256, hard: 4096 },
    ],
    [{ hard: 100 }, { soft: 100, hard: 100 }],
    [{ hard: 4096 }, { soft: 1024, hard: 4096 }],
    [{ soft: 600_000 }, { soft: 600_000, hard: 600_000 }],
  ])('complete the limit %j on open files to %j', (maxOpenFiles, complete) => {
    expect(settingsOf({ maxOpenFiles }).maxOpenFiles).toEqual(complete);
  });

  it('are refused when they are unknown', () => {
    const mistyped = { maxLaunch: 4, maxPids: 10 };
    expect(() => settingsOf(mistyped)).toThrow(
      expect.objectContaining({ name: 'InvalidInput', message: expect.stringContaining('maxLaunch') }),
    );
  });
});

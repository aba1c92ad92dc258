import { describe, expect, it } from '@jest/globals';
import {
  configurationBytes,
  configurationForEngine,
  parseConfiguration,
  recordedAside,
  restoredFromRecord,
} from '../../../lib/archives/index.js';
import { label } from '../../../lib/common/index.js';

const rootfs = { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] };

/** What the engine is given for a configuration. */
function given(configuration: object | string): { text: string; isAsItWas: boolean } {
  const text = typeof configuration === 'string' ? configuration : JSON.stringify(configuration);
  const original = Buffer.from(text);
  const bytes = configurationBytes(configurationForEngine(parseConfiguration('c', text)), original);
  return { text: bytes.toString('utf8'), isAsItWas: bytes.equals(original) };
}

describe('the configuration that the engine gets', () => {
  it("is the image's own bytes if containers may inherit all of it", () => {
    const plain = {
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['A=<&>'], Cmd: ['sh'], Labels: null, Volumes: { '/v': {} }, Healthcheck: null },
      rootfs,
      history: [{ created: '2026-01-01T00:00:00.123Z', created_by: 'x', empty_layer: false }],
    };
    const asGoWrites = JSON.stringify(plain).replace('<&>', '\\u003c\\u0026\\u003e');
    expect(given(asGoWrites).isAsItWas).toBe(true);
  });

  it('lacks fields that engines do not know or do not use', () => {
    const odd =
      '{"id":"x","parent":"y","container":"z","container_config":{"Env":["A=1"],"labels":{}},"docker_version":"1.9","Size":7,' +
      '"moby.buildkit.cache.v0":"AAAA","__proto__":{"rootfs":7},"config":{"Hostname":"h","Tty":true,"Memory":1,"Cmd":["sh"],' +
      `"Labels":{"__proto__":"x"},"__proto__":{"Volumes":{"/v":{}}}},"rootfs":${JSON.stringify(rootfs)}}`;
    expect(JSON.parse(given(odd).text)).toEqual({ config: { Cmd: ['sh'], Labels: {} }, rootfs });
  });

  it("lacks the driver's own labels, with which an image could pose as a rescued instance", () => {
    const own = Object.fromEntries(
      [...Object.values(label), 'nova-docker-driver.of.a.later.version'].map((name) => [name, 'x']),
    );
    const Labels = { ...own, maintainer: 'me', 'nova-docker-drivers': 'x' };
    const { config } = configurationForEngine(
      parseConfiguration('c', JSON.stringify({ config: { Labels }, rootfs })),
    );
    expect(config?.Labels).toEqual({ maintainer: 'me', 'nova-docker-drivers': 'x' });
    // Those that an image has on record come back, and must not come back with the others.
    const recorded = recordedAside({
      config: { Labels: { ...Labels, large: 'x'.repeat(5000) } },
      history: [],
    });
    const restored = configurationForEngine(parseConfiguration('c', JSON.stringify({ ...recorded, rootfs })));
    expect(JSON.stringify(restored)).not.toMatch(/nova-docker-driver\.(?!not-inherited)/);
  });

  it('has the zero value for a null, as Go decodes it', () => {
    const nulls = {
      architecture: null,
      variant: null,
      os: null,
      'os.features': [null],
      created: null,
      author: null,
      config: {
        ...{ User: null, Env: [null, 'A=1'], Entrypoint: null, Cmd: ['sh', null], Volumes: { '/v': null } },
        ...{ WorkingDir: null, ExposedPorts: null, StopSignal: null, StopTimeout: null, ArgsEscaped: null },
        Healthcheck: { Test: null, Interval: null, Retries: null },
      },
      rootfs: { ...rootfs, type: null },
      history: [null, { created: null, empty_layer: null }],
    };
    const { config, rootfs: files, history, ...rest } = nulls;
    expect(JSON.parse(given(nulls).text)).toEqual({
      ...rest,
      'os.features': [''],
      config: { ...config, Env: ['', 'A=1'], Cmd: ['sh', ''], Volumes: { '/v': {} } },
      rootfs: { ...files, type: 'layers' },
      history: [{}, history[1]],
    });
  });

  it('states a repeated field once, and a single word as a list', () => {
    const text = `{"rootfs":${JSON.stringify(rootfs)},"config":{"Cmd":"sh","StopTimeout":1e1},"config":{"Cmd":"sh","StopTimeout":1e1}}`;
    expect(JSON.parse(given(text).text)).toEqual({ rootfs, config: { Cmd: ['sh'], StopTimeout: 10 } });
  });

  it.each([
    ['a number that engines do not read as an integer', '{"StopTimeout":10.0}', { StopTimeout: 10 }],
    ['an interval with an exponent', '{"Healthcheck":{"Interval":1e9}}', { Healthcheck: { Interval: 1e9 } }],
    ['half a surrogate pair', '{"Labels":{"a":"\\udc00"}}', { Labels: { a: '\ufffd' } }],
  ])('is serialized again if it has %s', (_what, config, expected) => {
    const { text, isAsItWas } = given(`{"rootfs":${JSON.stringify(rootfs)},"config":${config}}`);
    expect(isAsItWas).toBe(false);
    expect(JSON.parse(text)).toEqual({ rootfs, config: expected });
  });

  it('is serialized again if it is not UTF-8, because Go replaces each byte, and JavaScript each sequence', () => {
    const original = Buffer.from(`{"rootfs":${JSON.stringify(rootfs)},"author":"\xe2\x82"}`, 'latin1');
    const understood = parseConfiguration('c', original.toString('utf8'));
    expect(JSON.parse(configurationBytes(understood, original).toString('utf8'))).toEqual({
      author: '\ufffd',
      rootfs,
    });
  });

  it('keeps strings that look like numbers with a fraction', () => {
    expect(given({ config: { Env: ['V=1e1', 'W=1.5', 'X="1.5'] }, rootfs }).isAsItWas).toBe(true);
  });

  it('states time and operating system in the form that all engines read', () => {
    const odd = { created: '2026-01-01T1:00:00,50-03:30', os: 'LINUX', rootfs: { ...rootfs, type: 'other' } };
    expect(JSON.parse(given(odd).text)).toEqual({
      created: '2026-01-01T01:00:00.50-03:30',
      os: 'linux',
      rootfs,
    });
  });

  it("accepts an interval that exceeds JavaScript's integer precision", () => {
    const text = `{"rootfs":${JSON.stringify(rootfs)},"config":{"Healthcheck":{"Interval":9100000000000000001}}}`;
    expect(given(text).text).toContain('"Interval":9100000000000000');
  });

  it('moves long labels and ports to the record, from which they can be restored', () => {
    const Labels = { a: '"\\', b: 'x'.repeat(3_000_000) };
    const ExposedPorts = Object.fromEntries(Array.from({ length: 10_001 }, (_, port) => [`${port}/udp`, {}]));
    const image = {
      comment: 'hides the record',
      config: { Cmd: ['sh'], Labels, ExposedPorts },
      rootfs,
      history: [{ created_by: 'x' }],
    };
    const { text } = given(image);
    const configuration = parseConfiguration('c', text);
    expect(configuration.config).toEqual({ Cmd: ['sh'] });
    expect(configuration.comment).toBeUndefined();
    expect({ ...configuration, ...restoredFromRecord(configuration) }).toEqual({
      config: { Cmd: ['sh'], Labels, ExposedPorts },
      rootfs,
      history: [{ created_by: 'x' }],
    });
    // One that was taken out of an engine may come again.
    expect(JSON.parse(given(text).text)).toEqual(JSON.parse(text));
  });
});

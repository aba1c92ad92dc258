import { describe, expect, it } from '@jest/globals';
import {
  configurationForEngine,
  parseConfiguration,
  parseManifest,
  defaultImageLimits,
} from '../../../lib/archives/index.js';
import { packEntries, sha256 } from '../../support/archives.js';
import { indexed, jsonBlob, descriptorsOf, mediaType, ociEntries } from '../../support/oci-archives.js';
import { rewritten } from '../../support/rewriting.js';

const diffId = `sha256:${'a'.repeat(64)}`;
const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('a metadata file of a million wrong values', () => {
  const zeros = `[${'0,'.repeat(1_000_000)}0]`;
  const tooMany = { name: 'ArchiveRefused', message: expect.stringMatching(/more than 100000 values/) };

  it('is refused before it is validated, for each wrong value costs a kilobyte', () => {
    expect(thrown(() => parseConfiguration('c', `{"rootfs":{"diff_ids":${zeros}}}`))).toMatchObject(tooMany);
    expect(
      thrown(() => parseManifest(`[{"Config":"c","Layers":${zeros}}]`, defaultImageLimits)),
    ).toMatchObject(tooMany);
  });

  it('is refused with a short message and without the list of its faults', () => {
    const label = 'x'.repeat(100_000);
    const refusal = thrown(() =>
      parseConfiguration('c', `{"rootfs":{"diff_ids":["${diffId}"]},"config":{"Labels":{"${label}":0}}}`),
    );
    expect(refusal).toMatchObject({ name: 'ArchiveRefused', cause: undefined });
    expect(String(refusal).length).toBeLessThan(1000);
  });

  it('counts values, not the characters of a text', () => {
    const comment = '\\",[{'.repeat(100_000);
    const configuration = parseConfiguration(
      'c',
      JSON.stringify({ rootfs: { diff_ids: [diffId] }, comment }),
    );
    expect(configuration.comment).toBe(comment);
  });
});

describe('a forged record of settings that containers do not inherit', () => {
  const forged = JSON.stringify({ 'nova-docker-driver.not-inherited': { Labels: { forged: 'yes' } } });

  it.each([null, undefined])('is dropped from an image whose settings are %s', (config) => {
    const text = JSON.stringify({ rootfs: { diff_ids: [diffId] }, history: [{ comment: forged }], config });
    expect(JSON.stringify(configurationForEngine(parseConfiguration('c', text)))).not.toContain('forged');
  });
});

describe('an OCI layout', () => {
  it('whose thousand manifests name one large configuration is read without delay', async () => {
    const configuration = `{"rootfs":{"diff_ids":[]},"os":"linux","architecture":"other","x":"${'x'.repeat(3_000_000)}"}`;
    const digest = sha256(configuration);
    const manifests = Array.from({ length: 1000 }, (_none, number) =>
      jsonBlob(mediaType.manifest, {
        schemaVersion: 2,
        config: { digest: `sha256:${digest}` },
        layers: [{ digest: diffId }],
        annotations: { number: String(number) },
      }),
    );
    const entries = indexed(
      [],
      manifests.map(({ descriptor }) => descriptor),
      { name: `blobs/sha256/${digest}`, content: configuration },
      ...manifests.map(({ entry }) => entry),
    );
    const archive = await packEntries(entries);
    const began = performance.now();
    await expect(rewritten(archive, { architecture: 'amd64' })).rejects.toThrow(/holds 1000 images/);
    expect(performance.now() - began).toBeLessThan(30_000);
  }, 60_000);

  it('is accepted with a signature whose list of layers is null', async () => {
    const entries = await ociEntries();
    const signature = jsonBlob(mediaType.manifest, {
      schemaVersion: 2,
      artifactType: 'application/vnd.example.signature',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: diffId },
      layers: null,
    });
    const archive = await packEntries(
      indexed(entries, [...descriptorsOf(entries), signature.descriptor], signature.entry),
    );
    expect((await rewritten(archive)).form).toBe('image');
  });
});

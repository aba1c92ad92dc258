import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { followingLayers, layerName, Meter } from '../../../lib/progress/index.js';

describe('Meter', () => {
  function meter(total?: number): { reported: Progress[]; meter: Meter } {
    const reported: Progress[] = [];
    return { reported, meter: new Meter((progress) => reported.push(progress), 'downloading', total) };
  }

  it('reports the first bytes at once, then at intervals, and in the end all bytes as the total', async () => {
    const { reported, meter: transfer } = meter();
    const began = performance.now();
    for (let piece = 0; piece < 100; piece += 1) {
      transfer.add(10, 'sha256:a');
      await sleep(5);
    }
    transfer.end();
    expect(reported.at(0)).toEqual({ phase: 'downloading', bytes: 10, layer: 'sha256:a' });
    expect(reported.length).toBeGreaterThan(2);
    expect(reported.length).toBeLessThan(4 + (performance.now() - began) / 200);
    expect(reported.at(-1)).toEqual({
      phase: 'downloading',
      bytes: 1000,
      total: 1000,
      rate: expect.any(Number),
    });
  });

  it('reports a rate close to the true one', async () => {
    const { reported, meter: transfer } = meter(1_000_000);
    const began = performance.now();
    for (let piece = 0; piece < 10; piece += 1) {
      await sleep(50);
      transfer.add(100_000);
    }
    transfer.end();
    const truth = 1_000_000 / ((performance.now() - began) / 1000);
    const rate = reported.at(-1)?.rate ?? 0;
    expect(rate).toBeGreaterThan(truth * 0.5);
    expect(rate).toBeLessThan(truth * 1.5);
  });

  it('reports the end once', () => {
    const { reported, meter: transfer } = meter(30);
    transfer.add(30);
    transfer.end();
    expect(reported).toEqual([{ phase: 'downloading', bytes: 30, total: 30 }]);
  });

  it('reports a layer even if the transfer ends at once', () => {
    const { reported, meter: transfer } = meter(30);
    transfer.add(10);
    for (const layer of ['sha256:a', 'sha256:b']) transfer.add(10, layer);
    transfer.end();
    expect(reported).toEqual([
      { phase: 'downloading', bytes: 10, total: 30 },
      { phase: 'downloading', bytes: 20, total: 30, layer: 'sha256:a' },
      { phase: 'downloading', bytes: 30, total: 30 },
    ]);
  });

  it('never decreases, and corrects a total that was too small', () => {
    const { reported, meter: transfer } = meter(15);
    transfer.reach(10);
    transfer.reach(4);
    transfer.add(10);
    transfer.end();
    expect(reported).toEqual([
      { phase: 'downloading', bytes: 10, total: 15 },
      { phase: 'downloading', bytes: 20, total: 20 },
    ]);
  });
});

describe('followingLayers', () => {
  it('adds the current layer of the archive to the reports', () => {
    const reported: Progress[] = [];
    const { onLayer, onProgress } = followingLayers((progress) => reported.push(progress));
    onProgress({ phase: 'uploading', bytes: 1 });
    onLayer('sha256:a');
    onProgress({ phase: 'uploading', bytes: 2 });
    onProgress({ phase: 'uploading', bytes: 3, total: 3 });
    expect(reported).toEqual([
      { phase: 'uploading', bytes: 1 },
      { phase: 'uploading', bytes: 2, layer: 'sha256:a' },
      { phase: 'uploading', bytes: 3, total: 3 },
    ]);
  });
});

describe('layerName', () => {
  const digest = 'ab'.repeat(32);

  it("returns the digest if the file is named after it, or else the file's name", () => {
    expect(layerName(`blobs/sha256/${digest}`)).toBe(`sha256:${digest}`);
    expect(layerName(`${digest}/layer.tar`)).toBe(`${digest}/layer.tar`);
  });

  it('replaces control characters of a hostile file name, which could act on a terminal', () => {
    expect(layerName('a\u001b]0;owned\u0007\u009b2J\u202eb')).toBe('a?]0;owned??2J?b');
    expect(layerName('x'.repeat(1000))).toHaveLength(80);
  });
});

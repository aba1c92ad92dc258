import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { followingLayers, layerName, Meter } from '../../../lib/progress/index.js';

describe('Meter', () => {
  function meter(total?: number): { told: Progress[]; meter: Meter } {
    const told: Progress[] = [];
    return { told, meter: new Meter((progress) => told.push(progress), 'downloading', total) };
  }

  it('tells the first bytes at once, then few reports, and in the end all bytes as the total', async () => {
    const { told, meter: transfer } = meter();
    const began = performance.now();
    for (let piece = 0; piece < 100; piece += 1) {
      transfer.add(10, 'sha256:a');
      await sleep(5);
    }
    transfer.end();
    expect(told.at(0)).toEqual({ phase: 'downloading', bytes: 10, layer: 'sha256:a' });
    expect(told.length).toBeGreaterThan(2);
    expect(told.length).toBeLessThan(4 + (performance.now() - began) / 200);
    expect(told.at(-1)).toEqual({ phase: 'downloading', bytes: 1000, total: 1000, rate: expect.any(Number) });
  });

  it('tells a rate near to the truth', async () => {
    const { told, meter: transfer } = meter(1_000_000);
    const began = performance.now();
    for (let piece = 0; piece < 10; piece += 1) {
      await sleep(50);
      transfer.add(100_000);
    }
    transfer.end();
    const truth = 1_000_000 / ((performance.now() - began) / 1000);
    const rate = told.at(-1)?.rate ?? 0;
    expect(rate).toBeGreaterThan(truth * 0.5);
    expect(rate).toBeLessThan(truth * 1.5);
  });

  it('tells the end once', () => {
    const { told, meter: transfer } = meter(30);
    transfer.add(30);
    transfer.end();
    expect(told).toEqual([{ phase: 'downloading', bytes: 30, total: 30 }]);
  });

  it('tells a layer also of a transfer that is over at once', () => {
    const { told, meter: transfer } = meter(30);
    transfer.add(10);
    for (const layer of ['sha256:a', 'sha256:b']) transfer.add(10, layer);
    transfer.end();
    expect(told).toEqual([
      { phase: 'downloading', bytes: 10, total: 30 },
      { phase: 'downloading', bytes: 20, total: 30, layer: 'sha256:a' },
      { phase: 'downloading', bytes: 30, total: 30 },
    ]);
  });

  it('never goes back, and keeps no total that was too small', () => {
    const { told, meter: transfer } = meter(15);
    transfer.reach(10);
    transfer.reach(4);
    transfer.add(10);
    transfer.end();
    expect(told).toEqual([
      { phase: 'downloading', bytes: 10, total: 15 },
      { phase: 'downloading', bytes: 20, total: 20 },
    ]);
  });
});

describe('followingLayers', () => {
  it('adds the layer that the archive is at to what is told of its bytes', () => {
    const told: Progress[] = [];
    const { onLayer, onProgress } = followingLayers((progress) => told.push(progress));
    onProgress({ phase: 'uploading', bytes: 1 });
    onLayer('sha256:a');
    onProgress({ phase: 'uploading', bytes: 2 });
    onProgress({ phase: 'uploading', bytes: 3, total: 3 });
    expect(told).toEqual([
      { phase: 'uploading', bytes: 1 },
      { phase: 'uploading', bytes: 2, layer: 'sha256:a' },
      { phase: 'uploading', bytes: 3, total: 3 },
    ]);
  });
});

describe('layerName', () => {
  const digest = 'ab'.repeat(32);

  it('is the digest where the archive names files so, else the file as it is called', () => {
    expect(layerName(`blobs/sha256/${digest}`)).toBe(`sha256:${digest}`);
    expect(layerName(`${digest}/layer.tar`)).toBe(`${digest}/layer.tar`);
  });

  it('can be shown on a terminal, whatever a stranger called the file', () => {
    expect(layerName('a\u001b]0;owned\u0007\u009b2J\u202eb')).toBe('a?]0;owned??2J?b');
    expect(layerName('x'.repeat(1000))).toHaveLength(80);
  });
});

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { SingleFlight, type FlightControls } from '../../../lib/images/single-flight.js';

/** Work that ends when the test decides. */
class Work {
  readonly begun: FlightControls[] = [];
  #end: ((outcome: Promise<string>) => void) | undefined;

  readonly start = (controls: FlightControls): Promise<string> => {
    this.begun.push(controls);
    return new Promise((resolve) => (this.#end = resolve));
  };

  succeed(): void {
    this.#end?.(Promise.resolve('done'));
  }

  fail(error: Error): void {
    this.#end?.(Promise.reject(error));
  }
}

function aborted(controller: AbortController, reason: Error): void {
  controller.abort(reason);
}

describe('SingleFlight', () => {
  const left = new Error('left');

  it('runs the work once for all concurrent callers', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const callers = [1, 2, 3].map(() => flights.join('a', {}, work.start));
    await turn();
    work.succeed();
    await expect(Promise.all(callers)).resolves.toEqual(['done', 'done', 'done']);
    expect(work.begun).toHaveLength(1);
    void flights.join('a', {}, work.start);
    await turn();
    expect(work.begun).toHaveLength(2);
    work.succeed();
  });

  it('runs work with different keys concurrently', async () => {
    const flights = new SingleFlight<string>();
    const work = [new Work(), new Work()] as const;
    const callers = [flights.join('a', {}, work[0].start), flights.join('b', {}, work[1].start)];
    await turn();
    work[1].succeed();
    await expect(callers[1]).resolves.toBe('done');
    work[0].succeed();
    await expect(callers[0]).resolves.toBe('done');
  });

  it('rejects all callers with the same failure, and starts afresh for the next', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const callers = [flights.join('a', {}, work.start), flights.join('a', {}, work.start)];
    await turn();
    const failure = new Error('no');
    work.fail(failure);
    for (const caller of callers) await expect(caller).rejects.toBe(failure);
    const next = flights.join('a', {}, work.start);
    await turn();
    work.succeed();
    await expect(next).resolves.toBe('done');
  });

  it('lets one caller abort at once, and continues the work for the others', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const controller = new AbortController();
    const leaving = flights.join('a', { signal: controller.signal }, work.start);
    const staying = flights.join('a', {}, work.start);
    await turn();
    aborted(controller, left);
    await expect(leaving).rejects.toBe(left);
    expect(work.begun[0]?.signal.aborted).toBe(false);
    work.succeed();
    await expect(staying).resolves.toBe('done');
  });

  it('aborts the work when the last caller aborts, and rejects only after the rollback', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const controller = new AbortController();
    let isOver = false;
    const leaving = flights
      .join('a', { signal: controller.signal }, work.start)
      .finally(() => (isOver = true));
    leaving.catch(() => undefined);
    await turn();
    aborted(controller, left);
    await turn();
    expect(work.begun[0]?.signal.reason).toBe(left);
    expect(isOver).toBe(false);
    work.fail(new Error('was broken off'));
    await expect(leaving).rejects.toBe(left);
  });

  it('starts the work again, once, after a rollback, for all callers that joined during it', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const again = new Work();
    const controller = new AbortController();
    const leaving = flights.join('a', { signal: controller.signal }, work.start);
    leaving.catch(() => undefined);
    await turn();
    aborted(controller, left);
    await turn();
    const next = [flights.join('a', {}, again.start), flights.join('a', {}, again.start)];
    await turn();
    expect(again.begun).toHaveLength(0);
    work.fail(new Error('was broken off'));
    await expect(leaving).rejects.toBe(left);
    await turn();
    expect(again.begun).toHaveLength(1);
    again.succeed();
    await expect(Promise.all(next)).resolves.toEqual(['done', 'done']);
  });

  it('never starts work whose callers all abort while it is queued', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const again = new Work();
    const controllers = [new AbortController(), new AbortController()] as const;
    const callers = [flights.join('a', { signal: controllers[0].signal }, work.start)];
    await turn();
    aborted(controllers[0], left);
    await turn();
    callers.push(flights.join('a', { signal: controllers[1].signal }, again.start));
    await turn();
    aborted(controllers[1], left);
    await turn();
    work.fail(new Error('was broken off'));
    for (const caller of callers) await expect(caller).rejects.toBe(left);
    expect(again.begun).toHaveLength(0);
  });

  it('refuses a caller whose signal has aborted', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    await expect(flights.join('a', { signal: AbortSignal.abort(left) }, work.start)).rejects.toBe(left);
    expect(work.begun).toHaveLength(0);
  });

  it('reports progress to all callers, to late ones from the current state on', async () => {
    const flights = new SingleFlight<string>();
    const work = new Work();
    const seen: Progress[][] = [[], []];
    const callers = [flights.join('a', { onProgress: (progress) => seen[0]?.push(progress) }, work.start)];
    await turn();
    const reports = [1, 2, 3].map((bytes): Progress => ({ phase: 'downloading', bytes }));
    for (const report of reports) work.begun[0]?.onProgress(report);
    callers.push(flights.join('a', { onProgress: (progress) => seen[1]?.push(progress) }, work.start));
    await turn();
    work.begun[0]?.onProgress({ phase: 'loading', bytes: 0 });
    work.succeed();
    await Promise.all(callers);
    expect(seen[0]).toEqual([reports[0], reports[2], { phase: 'loading', bytes: 0 }]);
    expect(seen[1]?.at(0)).toEqual(reports[2]);
    expect(seen[1]?.at(-1)).toEqual({ phase: 'loading', bytes: 0 });
  });
});

/**
 * This file loads the library twice.
 *
 * @jest-environment node
 */
import { describe, expect, it, jest } from '@jest/globals';
import * as face from '../../lib/index.js';
import { codeOf as systemCode } from '../../lib/streams/index.js';
import * as kit from '../../lib/testing/index.js';

type ErrorClass = new (...args: never[]) => Error;

const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === 'function' && value.prototype instanceof Error;

const exported: [name: string, value: ErrorClass][] = [];
for (const [name, value] of [...Object.entries<unknown>(face), ...Object.entries<unknown>(kit)])
  if (isErrorClass(value)) exported.push([name, value]);

const request = { method: 'GET', path: '/version' };
const inner = new face.NovaException('inner');

/** The arguments of the constructors that do not take a message first. */
const argumentsOf: Readonly<Record<string, readonly unknown[]>> = {
  EngineError: [request, 500, 'no'],
  EngineUnreachable: [request, 'no', { maybeDone: false }],
  EngineVersionUnsupported: [
    { minimum: '1.12', maximum: '1.30', version: '17.06' },
    { minimum: '1.41', maximum: '1.51' },
  ],
  DeadlineExceeded: ['the answer', 1000],
  ImageServiceError: [request, 500, 'no'],
  ImageStoreError: ['/images', 'no'],
  InstanceFaultRollback: [inner],
  ReplayError: [[], []],
};

/** Makes an error whose class has another name, as after a minifier. */
function minified(name: string, original: ErrorClass): unknown {
  const Renamed = { a: class extends original {} }.a;
  return Reflect.construct(Renamed, argumentsOf[name] ?? ['no']);
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const upperCase = (name: string): string => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();

describe('the errors', () => {
  // DriverError is abstract.
  const concrete = exported.filter(([name]) => name !== 'DriverError');

  it.each(concrete)('%s has its name and its code as constants', (name, original) => {
    expect(minified(name, original)).toMatchObject({ name, code: upperCase(name) });
  });

  it('have codes of their own', () => {
    const codes = concrete.map(([name, original]) => codeOf(minified(name, original)));
    expect(codes.length).toBeGreaterThan(50);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe('the guards', () => {
  it('know the errors of another copy of the package, whose classes are others', async () => {
    jest.resetModules();
    const other = await import('../../lib/index.js');
    const exception = new other.InstanceNotFound('no');
    const engineError = new other.EngineError(request, 500, 'no');

    expect(exception).not.toBeInstanceOf(face.NovaException);
    expect(face.isNovaException(exception)).toBe(true);
    expect(face.isDriverError(exception)).toBe(true);
    expect(face.isNovaException(engineError)).toBe(false);
    expect(face.isDriverError(engineError)).toBe(true);
  });

  it.each([[undefined], [null], ['InstanceNotFound'], [{ code: 'INSTANCE_NOT_FOUND' }], [new Error('no')]])(
    'know what is no error of this library: %p',
    (value) => {
      expect(face.isNovaException(value)).toBe(false);
      expect(face.isDriverError(value)).toBe(false);
    },
  );
});

describe('the code of an error of Node', () => {
  it('is not the code of an error of this library', () => {
    expect(systemCode(Object.assign(new Error('no'), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(systemCode(new face.EngineError(request, 500, 'no'))).toBeUndefined();
  });
});

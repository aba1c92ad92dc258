import { randomUUID } from 'node:crypto';

const setting = (name: string): string => process.env[name] ?? '';

/** The registries under test, where there are any: see test/environment/registry.mjs. Both have the same images. */
export const registry = {
  isThere: process.env['REGISTRY'] !== undefined,
  /** Everybody's. */
  open: setting('REGISTRY'),
  /** For those who give the credentials. */
  private: setting('PRIVATE_REGISTRY'),
  credentials: { username: setting('REGISTRY_USERNAME'), password: setting('REGISTRY_PASSWORD') },
};

/** A name that no other test has in the registries: without a registry's own. */
export function newRepository(): string {
  return `tests/${randomUUID()}`;
}

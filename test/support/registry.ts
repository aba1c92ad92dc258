import { randomUUID } from 'node:crypto';

const setting = (name: string): string => process.env[name] ?? '';

/** The registries under test, if any: see test/environment/registry.mjs. Both have the same images. */
export const registry = {
  isThere: process.env['REGISTRY'] !== undefined,
  /** Without authentication. */
  open: setting('REGISTRY'),
  /** Requires the credentials. */
  private: setting('PRIVATE_REGISTRY'),
  credentials: { username: setting('REGISTRY_USERNAME'), password: setting('REGISTRY_PASSWORD') },
};

/** The name of a repository that no other test uses, without a registry. */
export function newRepository(): string {
  return `tests/${randomUUID()}`;
}

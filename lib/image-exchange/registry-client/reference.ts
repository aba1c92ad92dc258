import { z } from 'zod';
import { withoutSecrets } from '../../common/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import { repositoryName, tagName, type RepositoryName, type TagName } from '../../engine/index.js';

/** An image in a registry, by name. */
export interface RegistryReference {
  /** The registry as people write it: `docker.io`, `registry.example:5000`. */
  readonly registry: string;
  /** The path there: `library/debian`. */
  readonly path: string;
  /** Both, as an engine takes them. */
  readonly repository: RepositoryName;
  /** `latest` where neither tag nor digest is given. */
  readonly tag: TagName | undefined;
  /** Pins the image: what has another digest is refused. */
  readonly digest: string | undefined;
}

/** A digest as registries give them. */
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const dockerHub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * Reads `[registry/]path[:tag][@digest]` as Docker does: what has no registry is Docker Hub's, and what has no path
 * there is `library/`'s.
 *
 * @throws InvalidInput when it is none.
 */
export function registryReference(text: string): RegistryReference {
  if (!z.string().safeParse(text).success) throw new InvalidInput("An image's reference is a text");
  const refused = (): InvalidInput =>
    new InvalidInput(`${JSON.stringify(withoutSecrets(text).slice(0, 300))} is not an image's reference`);
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) throw refused();
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const name = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : digest === undefined ? 'latest' : undefined;
  const repository = repositoryName(name);
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const given = hasRegistry ? name.slice(slash + 1) : name;
  const registry = !hasRegistry || dockerHub.has(first) ? 'docker.io' : first;
  // A port may be any five digits by its grammar, but not by that of addresses.
  if (!URL.canParse(`https://${registry}/`)) throw refused();
  const path = registry === 'docker.io' && !given.includes('/') ? `library/${given}` : given;
  return { registry, path, repository, tag: tag === undefined ? undefined : tagName(tag), digest };
}

/** A reference as messages and records have it. */
export function shownReference({ repository, tag, digest }: RegistryReference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

import { z } from 'zod';
import { sha256Digest, withoutSecrets } from '../../common/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import { repositoryName, tagName, type RepositoryName, type TagName } from '../../engine/index.js';

/** Reference of an image in a registry. */
export interface RegistryReference {
  /** The registry as users write it: `docker.io`, `registry.example:5000`. */
  readonly registry: string;
  /** The path in the registry: `library/debian`. */
  readonly path: string;
  /** The repository, with registry and path, as an engine expects it. */
  readonly repository: RepositoryName;
  /** `latest` when the reference has neither tag nor digest. */
  readonly tag: TagName | undefined;
  /** Pins the image: an image with another digest is refused. */
  readonly digest: string | undefined;
}

const dockerHub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * Parses `[registry/]path[:tag][@digest]` like Docker: the default registry is Docker Hub, and the default namespace
 * there is `library/`.
 *
 * @throws InvalidInput when the reference is malformed.
 */
export function registryReference(text: string): RegistryReference {
  if (!z.string().safeParse(text).success) throw new InvalidInput("An image's reference must be a string");
  const refused = (): InvalidInput =>
    new InvalidInput(`${JSON.stringify(withoutSecrets(text).slice(0, 300))} is not an image's reference`);
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !sha256Digest.test(digest))) throw refused();
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
  // The reference grammar allows ports that URLs do not, such as 99999.
  if (!URL.canParse(`https://${registry}/`)) throw refused();
  const path = registry === 'docker.io' && !given.includes('/') ? `library/${given}` : given;
  return { registry, path, repository, tag: tag === undefined ? undefined : tagName(tag), digest };
}

/** Formats a reference for messages and records. */
export function shownReference({ repository, tag, digest }: RegistryReference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

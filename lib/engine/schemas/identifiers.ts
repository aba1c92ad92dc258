import { InvalidInput } from '../../../interfaces/index.js';
import { sha256Digest, withoutSecrets } from '../../common/index.js';

declare const kind: unique symbol;
declare const exact: unique symbol;
declare const tagged: unique symbol;

/** A container's name or id, validated for use in a request's path. Created by {@link containerRef}. */
export type ContainerRef = string & { readonly [kind]: 'container' };
/** A container's full id, as the engine returns it. */
export type ContainerId = ContainerRef & { readonly [exact]: true };
/** A network's name or id, validated. Created by {@link networkRef}. */
export type NetworkRef = string & { readonly [kind]: 'network' };
/** A network's full id, as the engine returns it. */
export type NetworkId = NetworkRef & { readonly [exact]: true };
/**
 * An image's reference (`repository:tag`, `repository@digest`) or id, validated. Created by {@link imageRef} and
 * {@link imageReference}.
 */
export type ImageRef = string & { readonly [kind]: 'image' };
/** An image's id: a digest, usually `sha256:` and 64 hexadecimal digits. */
export type ImageId = ImageRef & { readonly [exact]: true };
/** An image's `repository:tag`. Created by {@link imageReference}. */
export type ImageReference = ImageRef & { readonly [tagged]: true };
/** A volume's name, validated. Created by {@link volumeName}. */
export type VolumeName = string & { readonly [kind]: 'volume' };
/** The id of a process started in a container. */
export type ExecId = string & { readonly [kind]: 'exec' };
/** A repository's name without tag or digest. Created by {@link repositoryName}. */
export type RepositoryName = string & { readonly [kind]: 'repository' };
/** An image's tag. Created by {@link tagName}. */
export type TagName = string & { readonly [kind]: 'tag' };
/** Every identifier that may be part of a request's path. */
export type PathIdentifier = ContainerRef | NetworkRef | ImageRef | RepositoryName | VolumeName | ExecId;

/** The engine's rule for container names, plus an upper bound that keeps request lines short. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;
const fullIdPattern = /^[0-9a-f]{64}$/;
/** The digests that engines know. containerd's image store lists images whose id is not of sha256. */
const imageIdPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;
/** The grammar of distribution/reference: an optional registry host and port, then lower-case path components. */
const hostPattern =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]{1,5})?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const maxRepositoryLength = 255;

const isName = (text: string): boolean => namePattern.test(text);

/**
 * Engines parse 64 hexadecimal digits, and `sha256:` with fewer, as an id or a prefix of one. No repository may have
 * such a name.
 */
const readsAsId = (text: string): boolean => text === 'sha256' || fullIdPattern.test(text);

const isRepository = (text: string): boolean => {
  if (text.length > maxRepositoryLength || readsAsId(text)) return false;
  const components = text.split('/');
  const first = components[0] ?? '';
  const hasHost = components.length > 1 && (/[.:]/.test(first) || first === 'localhost');
  if (hasHost && !hostPattern.test(first)) return false;
  return components.slice(hasHost ? 1 : 0).every((component) => componentPattern.test(component));
};

const isTaggedReference = (text: string): boolean => {
  const colon = text.lastIndexOf(':');
  return colon > 0 && isRepository(text.slice(0, colon)) && tagPattern.test(text.slice(colon + 1));
};

const isDigestReference = (text: string): boolean => {
  const at = text.indexOf('@');
  if (at < 0 || !sha256Digest.test(text.slice(at + 1))) return false;
  const name = text.slice(0, at);
  return isRepository(name) || isTaggedReference(name);
};

const isContainerRef = (text: string): text is ContainerRef => isName(text);
export const isContainerId = (text: string): text is ContainerId => fullIdPattern.test(text);
export const isNetworkRef = (text: string): text is NetworkRef => isName(text);
export const isNetworkId = (text: string): text is NetworkId => fullIdPattern.test(text);
const isVolumeName = (text: string): text is VolumeName => isName(text);
/** Whether a text is an image's id. */
export const isImageId = (text: string): text is ImageId => imageIdPattern.test(text);
/** Whether a text is `repository:tag`. */
export const isImageReference = (text: string): text is ImageReference => isTaggedReference(text);
const isImageRef = (text: string): text is ImageRef =>
  imageIdPattern.test(text) || isRepository(text) || isTaggedReference(text) || isDigestReference(text);
export const isExecId = (text: string): text is ExecId => fullIdPattern.test(text);
const isRepositoryName = (text: string): text is RepositoryName => isRepository(text);
const isTagName = (text: string): text is TagName => tagPattern.test(text);

function checked<T extends string>(guard: (text: string) => text is T, text: string, what: string): T {
  if (guard(text)) return text;
  throw new InvalidInput(`${JSON.stringify(withoutSecrets(text).slice(0, 300))} is not ${what}`);
}

/**
 * Validates a container's name or id: letters, digits, `_`, `.` and `-`; a letter or digit first; at least two
 * characters.
 *
 * @throws InvalidInput when it is malformed.
 */
export const containerRef = (nameOrId: string): ContainerRef =>
  checked(isContainerRef, nameOrId, "a container's name or id");

/**
 * Validates a network's name or id, by the rule for containers.
 *
 * @throws InvalidInput when it is malformed.
 */
export const networkRef = (nameOrId: string): NetworkRef =>
  checked(isNetworkRef, nameOrId, "a network's name or id");

/**
 * Validates a volume's name, by the rule for containers.
 *
 * @throws InvalidInput when it is malformed.
 */
export const volumeName = (name: string): VolumeName => checked(isVolumeName, name, "a volume's name");

/**
 * Validates an image's reference or id. Engines read a bare name of hexadecimal digits as an id prefix: to name exactly
 * one image, use an id or {@link imageReference}.
 *
 * @throws InvalidInput when it is malformed.
 */
export const imageRef = (referenceOrId: string): ImageRef =>
  checked(isImageRef, referenceOrId, "an image's reference or id");

/**
 * Validates an image's id.
 *
 * @throws InvalidInput when it is not a digest, such as `sha256:` and 64 hexadecimal digits.
 */
export const imageId = (id: string): ImageId => checked(isImageId, id, "an image's id");

/**
 * Validates a repository's name.
 *
 * @throws InvalidInput when it is malformed or has a tag.
 */
export const repositoryName = (name: string): RepositoryName =>
  checked(isRepositoryName, name, "an image repository's name");

/**
 * Validates an image's tag.
 *
 * @throws InvalidInput when it is malformed.
 */
export const tagName = (tag: string): TagName => checked(isTagName, tag, "an image's tag");

/**
 * Joins a repository and a tag.
 *
 * @throws InvalidInput when either is malformed.
 */
export const imageReference = (repository: string, tag: string): ImageReference =>
  checked(isImageReference, `${repositoryName(repository)}:${tagName(tag)}`, "an image's reference");

/**
 * Validates the id of a process started in a container.
 *
 * @throws InvalidInput when it is malformed.
 */
export const execId = (id: string): ExecId => checked(isExecId, id, "a process's id");

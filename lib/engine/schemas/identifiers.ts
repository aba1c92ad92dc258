import { InvalidInput } from '../../../interfaces/index.js';
import { withoutSecrets } from '../../common/index.js';

declare const kind: unique symbol;
declare const exact: unique symbol;
declare const tagged: unique symbol;

/** A container's name or id, checked: it may stand in a request's path. Made by {@link containerRef}. */
export type ContainerRef = string & { readonly [kind]: 'container' };
/** A container's full id, as the engine tells it. */
export type ContainerId = ContainerRef & { readonly [exact]: true };
/** A network's name or id, checked. Made by {@link networkRef}. */
export type NetworkRef = string & { readonly [kind]: 'network' };
/** A network's full id, as the engine tells it. */
export type NetworkId = NetworkRef & { readonly [exact]: true };
/**
 * An image's reference (`repository:tag`, `repository@digest`) or id, checked. Made by {@link imageRef} and
 * {@link imageReference}.
 */
export type ImageRef = string & { readonly [kind]: 'image' };
/** An image's id, `sha256:` and 64 hexadecimal digits. */
export type ImageId = ImageRef & { readonly [exact]: true };
/** An image's `repository:tag`. Made by {@link imageReference}. */
export type ImageReference = ImageRef & { readonly [tagged]: true };
/** A volume's name, checked. Made by {@link volumeName}. */
export type VolumeName = string & { readonly [kind]: 'volume' };
/** The id of a process started in a container. */
export type ExecId = string & { readonly [kind]: 'exec' };
/** A repository's name, without tag or digest. Made by {@link repositoryName}. */
export type RepositoryName = string & { readonly [kind]: 'repository' };
/** An image's tag. Made by {@link tagName}. */
export type TagName = string & { readonly [kind]: 'tag' };
/** Everything that may stand in a request's path. */
export type PathIdentifier = ContainerRef | NetworkRef | ImageRef | VolumeName | ExecId;

/** The engine's own rule for container names is this without the upper bound, which keeps request lines short. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;
const fullIdPattern = /^[0-9a-f]{64}$/;
const imageIdPattern = /^sha256:[0-9a-f]{64}$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
/** The grammar of distribution/reference: a registry's host and port, if any, then lower-case path components. */
const hostPattern =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]{1,5})?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const longestRepository = 255;

const isName = (text: string): boolean => namePattern.test(text);

/**
 * The engine takes 64 hexadecimal digits, and `sha256:` with fewer, for an id or its beginning: no repository may be
 * called so.
 */
const readsAsId = (text: string): boolean => text === 'sha256' || fullIdPattern.test(text);

const isRepository = (text: string): boolean => {
  if (text.length > longestRepository || readsAsId(text)) return false;
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
  if (at < 0 || !digestPattern.test(text.slice(at + 1))) return false;
  const name = text.slice(0, at);
  return isRepository(name) || isTaggedReference(name);
};

/** Whether a text can name a container. */
const isContainerRef = (text: string): text is ContainerRef => isName(text);
/** Whether a text is a container's full id. */
export const isContainerId = (text: string): text is ContainerId => fullIdPattern.test(text);
/** Whether a text can name a network. */
export const isNetworkRef = (text: string): text is NetworkRef => isName(text);
/** Whether a text is a network's full id. */
export const isNetworkId = (text: string): text is NetworkId => fullIdPattern.test(text);
/** Whether a text can name a volume. */
const isVolumeName = (text: string): text is VolumeName => isName(text);
/** Whether a text is an image's id. */
export const isImageId = (text: string): text is ImageId => imageIdPattern.test(text);
/** Whether a text is `repository:tag`. */
export const isImageReference = (text: string): text is ImageReference => isTaggedReference(text);
/** Whether a text can name an image. */
const isImageRef = (text: string): text is ImageRef =>
  imageIdPattern.test(text) || isRepository(text) || isTaggedReference(text) || isDigestReference(text);
/** Whether a text is the id of a process started in a container. */
export const isExecId = (text: string): text is ExecId => fullIdPattern.test(text);
/** Whether a text is a repository's name. */
const isRepositoryName = (text: string): text is RepositoryName => isRepository(text);
/** Whether a text is a tag. */
const isTagName = (text: string): text is TagName => tagPattern.test(text);

function checked<T extends string>(guard: (text: string) => text is T, text: string, what: string): T {
  if (guard(text)) return text;
  throw new InvalidInput(`${JSON.stringify(withoutSecrets(text).slice(0, 300))} is not ${what}`);
}

/**
 * Checks a container's name or id: letters, digits, `_`, `.`, `-`, the first a letter or digit, two characters at
 * least.
 *
 * @throws InvalidInput when it is not one.
 */
export const containerRef = (nameOrId: string): ContainerRef =>
  checked(isContainerRef, nameOrId, "a container's name or id");

/**
 * Checks a network's name or id; the rule is that for containers.
 *
 * @throws InvalidInput when it is not one.
 */
export const networkRef = (nameOrId: string): NetworkRef =>
  checked(isNetworkRef, nameOrId, "a network's name or id");

/**
 * Checks a volume's name; the rule is that for containers.
 *
 * @throws InvalidInput when it is not one.
 */
export const volumeName = (name: string): VolumeName => checked(isVolumeName, name, "a volume's name");

/**
 * Checks an image's reference or id. A bare name that consists of hexadecimal digits is read by the engine as the
 * beginning of an id: where the image must be exactly one, use an id or {@link imageReference}.
 *
 * @throws InvalidInput when it is not one.
 */
export const imageRef = (referenceOrId: string): ImageRef =>
  checked(isImageRef, referenceOrId, "an image's reference or id");

/**
 * Checks an image's id.
 *
 * @throws InvalidInput when it is not `sha256:` and 64 hexadecimal digits.
 */
export const imageId = (id: string): ImageId => checked(isImageId, id, "an image's id");

/**
 * Checks a repository's name.
 *
 * @throws InvalidInput when it is not one, or has a tag.
 */
export const repositoryName = (name: string): RepositoryName =>
  checked(isRepositoryName, name, "an image repository's name");

/**
 * Checks an image's tag.
 *
 * @throws InvalidInput when it is not one.
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
 * Checks the id of a process started in a container.
 *
 * @throws InvalidInput when it is not one.
 */
export const execId = (id: string): ExecId => checked(isExecId, id, "a process's id");

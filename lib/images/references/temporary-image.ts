import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '../../../interfaces/index.js';
import {
  imageReference,
  isConflict,
  isImageReference,
  isNotFound,
  isUnreachable,
  mayHaveSucceeded,
  repositoryName,
  tagName,
  untilSettled,
  type Engine,
  type ImageRef,
  type ImageReference,
  type Polling,
  type RepositoryName,
  type TagName,
} from '../../engine/index.js';
import { label, pushedRepository, repository } from '../../common/index.js';
import { steadyNow } from '../../streams/index.js';

/** Name of an image that the engine holds only while some work runs. */
export interface TemporaryName {
  readonly reference: ImageReference;
  readonly repo: RepositoryName;
  readonly tag: TagName;
}

/** Repositories of temporary images. */
type TemporaryRepository = typeof repository.loading | typeof repository.snapshot;

/** Hexadecimal digits of a tag: hash of the host, time, random. */
const hostDigits = 8;
const timeDigits = 12;
const randomDigits = 12;
const temporaryTag = new RegExp(`^tmp-[0-9a-f]{${hostDigits + timeDigits + randomDigits}}$`);

/** Milliseconds that the caller's removal retries before it returns. */
const foregroundPolling: Polling = { timeoutMs: 5000, intervalMs: 200 };
/** Background retries. An engine may keep loading or committing for a long time, and no caller waits for them. */
const backgroundPolling: Polling = { timeoutMs: 60 * 60_000, intervalMs: 2000, ref: false };

/**
 * Makes a temporary name that no other image has. It encodes the host, because several hosts may share an engine, and
 * the time, which tells current work from what an earlier driver process left.
 */
export function temporaryName(repo: TemporaryRepository, host: string): TemporaryName {
  const time = steadyNow().toString(16).padStart(timeDigits, '0');
  const tag = tagName(`${tagPrefix(host)}${time}${randomBytes(randomDigits / 2).toString('hex')}`);
  return { reference: imageReference(repo, tag), repo: repositoryName(repo), tag };
}

/** An image to remove. */
interface Removal {
  readonly engine: Engine;
  readonly reference: ImageRef;
  /** Whether the engine may still create the image, because the answer to the request was lost. */
  readonly mayAppear: boolean;
  readonly logger: Logger;
  /** Ends the wait between two attempts. */
  readonly signal?: AbortSignal | undefined;
}

/** Result of a removal. `stays`: a retry is useless. `perhaps`: the image may still exist. */
type Outcome = 'gone' | 'stays' | 'perhaps';

/**
 * Removes a temporary image: its name, and the image itself when it has no other name. Never removes the image's
 * parents or an image that a container uses. Errors are logged, so that the caller's own result stands.
 *
 * While the engine is unreachable or may still create the image, this retries for 5 seconds. It then retries in the
 * background for up to an hour, until the engine's client is closed. That is safe because the random name never
 * collides. {@link removeTemporaryImages} removes the rest.
 *
 * @param mayAppear - whether the engine may still create the image, because the answer to the request was lost.
 */
export async function discardImage(
  engine: Engine,
  { reference }: Pick<TemporaryName, 'reference'>,
  mayAppear: boolean,
  logger: Logger,
): Promise<void> {
  const removal = { engine, reference, mayAppear, logger };
  if ((await removeWithin(foregroundPolling, removal)) !== 'perhaps') return;
  logger.warn('could not confirm the removal of an image: retrying in the background', { reference });
  void removeWithin(backgroundPolling, removal);
}

/**
 * Removes an image like {@link discardImage}, but never retries in the background, because its name may be reused. An
 * image that cannot be removed within 5 seconds, or that appears later, stays for the image cache.
 *
 * @param mayAppear - whether the engine may still create the image, because the answer to the request was lost.
 */
export async function discardLastingImage(
  engine: Engine,
  reference: ImageReference,
  mayAppear: boolean,
  logger: Logger,
): Promise<void> {
  if ((await removeWithin(foregroundPolling, { engine, reference, mayAppear, logger })) === 'perhaps')
    logger.warn(
      'could not confirm the removal of an unused image: it may still be in the engine, or appear there later',
      { reference },
    );
}

async function removeWithin(polling: Polling, removal: Removal): Promise<Outcome> {
  const { engine, reference, mayAppear, logger, signal } = removal;
  const remove = async (): Promise<Outcome | undefined> => {
    try {
      await engine.images.remove(reference, { noprune: true });
      return 'gone';
    } catch (error) {
      if (isNotFound(error)) return mayAppear ? undefined : 'gone';
      if (isConflict(error)) {
        logger.debug('kept an image: a container uses it', { reference });
        return 'stays';
      }
      throw error;
    }
  };
  try {
    return (await untilSettled(engine, polling, remove, signal)) ?? 'perhaps';
  } catch (error) {
    signal?.throwIfAborted();
    if (isUnreachable(error) || mayHaveSucceeded(error)) return 'perhaps';
    logger.error('could not remove an image', { reference, error });
    return 'stays';
  }
}

/** Selects leftover temporary images. */
interface Leftovers {
  readonly host: string;
  /** Milliseconds since 1970: images named later belong to current work. Default: all images are leftovers. */
  readonly before?: number | undefined;
  /** Whether the driver has a registry that the engine pushes snapshots to. */
  readonly hasRegistry?: boolean | undefined;
}

/**
 * Removes temporary images that a crash of a host left. A failed removal is logged; the next call retries it.
 *
 * @returns the references of the removed images, or the ids of images without a name.
 * @throws EngineError when the engine cannot list its images.
 * @throws the signal's reason when the signal aborts.
 */
export async function removeTemporaryImages(
  engine: Engine,
  leftovers: Leftovers,
  logger: Logger,
  signal: AbortSignal | undefined,
): Promise<ImageRef[]> {
  const removed: ImageRef[] = [];
  for (const reference of await leftOver(engine, leftovers, signal)) {
    signal?.throwIfAborted();
    logger.info('removing a leftover image', { reference });
    const removal = { engine, reference, mayAppear: false, logger, signal };
    const outcome = await removeWithin(foregroundPolling, removal);
    if (outcome === 'gone') removed.push(reference);
    if (outcome === 'perhaps')
      logger.warn('could not confirm the removal of a leftover image', { reference });
  }
  return removed;
}

async function leftOver(
  engine: Engine,
  { host, before = Infinity, hasRegistry = false }: Leftovers,
  signal: AbortSignal | undefined,
): Promise<ImageRef[]> {
  const isLeft = (tag: string): boolean =>
    tag.startsWith(tagPrefix(host)) && (before === Infinity || (isTemporaryTag(tag) && timeOf(tag) < before));
  const left: ImageRef[] = [];
  for (const repo of [repository.loading, repository.snapshot]) {
    const pushed = hasRegistry && repo === repository.snapshot ? [`*/${pushedRepository}`] : [];
    const images = await engine.images.list({ filters: { reference: [repo, ...pushed] }, signal });
    // Compare whole names: the engine's filter is a pattern, and the driver may remove only its own images.
    const isOurs = (name: string): boolean => {
      const colon = name.lastIndexOf(':');
      const of = name.slice(0, colon);
      return (of === repo || isPushed(of)) && isLeft(name.slice(colon + 1));
    };
    const names = images.flatMap(({ RepoTags: tags }) => tags);
    left.push(...names.filter(isOurs).filter(isImageReference));
  }
  // containerd's store may abandon a commit between creating the image and naming it, when its client disconnects
  // (28.5).
  const filters = { dangling: ['true'], label: [label.temporary] } as const;
  for (const { Id: id, RepoTags: tags, Labels: labels } of await engine.images.list({ filters, signal }))
    if (tags.length === 0 && isLeft(labels[label.temporary] ?? '')) left.push(id);
  return left;
}

/** Whether a repository is the one that snapshots are pushed to, at the address of any registry. */
const isPushed = (repo: string): boolean => repo.slice(repo.indexOf('/') + 1) === pushedRepository;

/** Whether {@link temporaryName} made this tag, on any host. */
export function isTemporaryTag(tag: string): boolean {
  return temporaryTag.test(tag);
}

/** When a temporary tag was made, in milliseconds since 1970. */
function timeOf(tag: string): number {
  const start = 'tmp-'.length + hostDigits;
  return Number.parseInt(tag.slice(start, start + timeDigits), 16);
}

function tagPrefix(host: string): string {
  return `tmp-${createHash('sha256').update(host).digest('hex').slice(0, hostDigits)}`;
}

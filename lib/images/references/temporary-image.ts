import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '../../../interfaces/index.js';
import {
  imageReference,
  isConflict,
  isImageReference,
  isNotFound,
  isUnreachable,
  mayHaveBeenDone,
  repositoryName,
  tagName,
  untilSettled,
  type Engine,
  type ImageRef,
  type ImageReference,
  type Patience,
  type RepositoryName,
  type TagName,
} from '../../engine/index.js';
import { label, repository } from '../../common/index.js';
import { steadyNow } from '../../streams/index.js';

/** The name of an image that is in the engine only for as long as some work takes. */
export interface TemporaryName {
  readonly reference: ImageReference;
  readonly repo: RepositoryName;
  readonly tag: TagName;
}

/** The repositories of images that are only there for a while. */
type TemporaryRepository = typeof repository.loading | typeof repository.snapshot;

/** Hexadecimal digits of a tag: those of the host, those of the time, random ones. */
const hostDigits = 8;
const timeDigits = 12;
const randomDigits = 12;
const temporaryTag = new RegExp(`^tmp-[0-9a-f]{${hostDigits + timeDigits + randomDigits}}$`);

/** That of the one whose work ends here. */
const ownPatience: Patience = { patience: 5000, interval: 200 };
/** Nobody waits for what comes after: engines may go on loading or committing for as long as they like. */
const latePatience: Patience = { patience: 60 * 60_000, interval: 2000, ref: false };

/**
 * A name that no image has. It shows which host made it, since several may share an engine, and when: what is under way
 * can be told from what an earlier driver left.
 */
export function temporaryName(repo: TemporaryRepository, host: string): TemporaryName {
  const time = steadyNow().toString(16).padStart(timeDigits, '0');
  const tag = tagName(`${tagPrefix(host)}${time}${randomBytes(randomDigits / 2).toString('hex')}`);
  return { reference: imageReference(repo, tag), repo: repositoryName(repo), tag };
}

/** An image that is to go. */
interface Removal {
  readonly engine: Engine;
  readonly reference: ImageRef;
  /** The engine was asked to make it and its answer was lost: it may make it still. */
  readonly mayAppear: boolean;
  readonly logger: Logger;
  /** Ends the waiting between two tries. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a removal: `stays` where trying again is of no use, `perhaps` where it may be there yet. */
type Outcome = 'gone' | 'stays' | 'perhaps';

/**
 * Removes an image that was only there for a while: its name, and the image itself when it has no other, but never what
 * it was made from, nor what a container uses. What fails is logged, the work that ends here has its own outcome to
 * tell. While the engine cannot be reached, or may be about to make the image, removing is tried for some seconds, and
 * then behind everybody's back until the engine's client is closed: nobody else ever has a name of chance.
 * {@link removeTemporaryImages} does the rest.
 *
 * @param mayAppear - the engine was asked to make it and its answer was lost: it may make it still.
 */
export async function discardImage(
  engine: Engine,
  { reference }: Pick<TemporaryName, 'reference'>,
  mayAppear: boolean,
  logger: Logger,
): Promise<void> {
  const removal = { engine, reference, mayAppear, logger };
  if ((await removeWithin(ownPatience, removal)) !== 'perhaps') return;
  logger.warn('an image that should be gone may be in the engine yet: its removal goes on', { reference });
  void removeWithin(latePatience, removal);
}

/**
 * Removes an image whose name it may be given again, as {@link discardImage} does, but is done with it when this ends:
 * one that cannot be removed within some seconds, or appears later, stays for the image cache.
 *
 * @param mayAppear - the engine was asked to make it and its answer was lost: it may make it still.
 */
export async function discardLastingImage(
  engine: Engine,
  reference: ImageReference,
  mayAppear: boolean,
  logger: Logger,
): Promise<void> {
  if ((await removeWithin(ownPatience, { engine, reference, mayAppear, logger })) === 'perhaps')
    logger.warn('an image that nobody has use for may be in the engine yet, or appear there', { reference });
}

async function removeWithin(patience: Patience, removal: Removal): Promise<Outcome> {
  const { engine, reference, mayAppear, logger, signal } = removal;
  const remove = async (): Promise<Outcome | undefined> => {
    try {
      await engine.images.remove(reference, { noprune: true });
      return 'gone';
    } catch (error) {
      if (isNotFound(error)) return mayAppear ? undefined : 'gone';
      if (isConflict(error)) {
        logger.debug('an image stays: a container uses it', { reference });
        return 'stays';
      }
      throw error;
    }
  };
  try {
    return (await untilSettled(engine, patience, remove, signal)) ?? 'perhaps';
  } catch (error) {
    signal?.throwIfAborted();
    if (isUnreachable(error) || mayHaveBeenDone(error)) return 'perhaps';
    logger.error('an image could not be removed', { reference, error });
    return 'stays';
  }
}

/** Which temporary images are left over. */
interface Leftovers {
  readonly host: string;
  /** Milliseconds since 1970: what was named later is under way. Default: all are left over. */
  readonly before?: number | undefined;
}

/**
 * Removes temporary images of a host: what a crash left. One that cannot be removed is logged, and stays for the next
 * time.
 *
 * @returns the names of those that are gone; the ids of those that had lost their names.
 * @throws what the engine fails with when it is asked for its images; the signal's reason when that aborts.
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
    logger.info('removing an image that was left behind', { reference });
    const removal = { engine, reference, mayAppear: false, logger, signal };
    const outcome = await removeWithin(ownPatience, removal);
    if (outcome === 'gone') removed.push(reference);
    if (outcome === 'perhaps')
      logger.warn('an image that was left behind may be in the engine yet', { reference });
  }
  return removed;
}

async function leftOver(
  engine: Engine,
  { host, before = Infinity }: Leftovers,
  signal: AbortSignal | undefined,
): Promise<ImageRef[]> {
  const isLeft = (tag: string): boolean =>
    tag.startsWith(tagPrefix(host)) && (before === Infinity || (isTemporaryTag(tag) && timeOf(tag) < before));
  const left: ImageRef[] = [];
  for (const repo of [repository.loading, repository.snapshot]) {
    const images = await engine.images.list({ filters: { reference: [repo] }, signal });
    // The engine's filter is a pattern: what is removed must be ours by its whole name.
    const isOurs = (name: string): boolean =>
      name.startsWith(`${repo}:`) && isLeft(name.slice(repo.length + 1));
    const names = images.flatMap(({ RepoTags: tags }) => tags);
    left.push(...names.filter(isOurs).filter(isImageReference));
  }
  // containerd's store may give up a commit between making the image and naming it, when its client is gone (28.5).
  const filters = { dangling: ['true'], label: [label.temporary] } as const;
  for (const { Id: id, RepoTags: tags, Labels: labels } of await engine.images.list({ filters, signal }))
    if (tags.length === 0 && isLeft(labels[label.temporary] ?? '')) left.push(id);
  return left;
}

/** Whether a tag is one that {@link temporaryName} gave, on whichever host. */
export function isTemporaryTag(tag: string): boolean {
  return temporaryTag.test(tag);
}

/** When a temporary tag was made. */
function timeOf(tag: string): number {
  const start = 'tmp-'.length + hostDigits;
  return Number.parseInt(tag.slice(start, start + timeDigits), 16);
}

function tagPrefix(host: string): string {
  return `tmp-${createHash('sha256').update(host).digest('hex').slice(0, hostDigits)}`;
}

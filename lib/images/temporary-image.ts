import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../interfaces/index.js';
import {
  imageReference,
  isConflict,
  isImageReference,
  isNotFound,
  isUnreachable,
  mayHaveBeenDone,
  repositoryName,
  tagName,
  type Engine,
  type ImageReference,
  type RepositoryName,
  type TagName,
} from '../engine/index.js';
import { repository } from '../labels.js';

/** The name of an image that is in the engine only for as long as some work takes. */
export interface TemporaryName {
  readonly reference: ImageReference;
  readonly repo: RepositoryName;
  readonly tag: TagName;
}

/** The repositories of images that are only there for a while. */
type TemporaryRepository = typeof repository.loading | typeof repository.snapshot;

/** Hexadecimal digits of a tag: those of the host, then those of chance. */
const hostDigits = 8;
const randomDigits = 24;

/** How long removing is tried, and how often, in milliseconds, and whether the process stays for it. */
interface Patience {
  readonly patience: number;
  readonly interval: number;
  readonly ref: boolean;
}

/** That of the one whose work ends here. */
const ownPatience: Patience = { patience: 5000, interval: 200, ref: true };
/** Nobody waits for what comes after: engines may go on loading or committing for as long as they like. */
const latePatience: Patience = { patience: 60 * 60_000, interval: 2000, ref: false };

/** A name that no image has. It shows which host made it, since several may share an engine. */
export function temporaryName(repo: TemporaryRepository, host: string): TemporaryName {
  const tag = tagName(`${tagPrefix(host)}${randomBytes(randomDigits / 2).toString('hex')}`);
  return { reference: imageReference(repo, tag), repo: repositoryName(repo), tag };
}

/**
 * Removes an image that was only there for a while: its name, and the image itself when it has no other, but never what
 * it was made from, nor what a container uses. What fails is logged, the work that ends here has its own outcome to
 * tell. While the engine cannot be reached, or may be about to make the image, removing is tried for some seconds, and
 * then behind everybody's back until the engine's client is closed; {@link removeTemporaryImages} does the rest.
 *
 * @param mayAppear - the engine was asked to make it and its answer was lost: it may make it still.
 */
export async function discardImage(
  engine: Engine,
  { reference }: Pick<TemporaryName, 'reference'>,
  mayAppear: boolean,
  logger: Logger,
): Promise<void> {
  if (await isRemovedWithin(ownPatience, engine, reference, mayAppear, logger)) return;
  logger.warn('an image that should be gone may be in the engine yet: its removal goes on', { reference });
  void isRemovedWithin(latePatience, engine, reference, mayAppear, logger);
}

async function isRemovedWithin(
  { patience, interval, ref }: Patience,
  engine: Engine,
  reference: ImageReference,
  mayAppear: boolean,
  logger: Logger,
): Promise<boolean> {
  const end = performance.now() + patience;
  for (;;) {
    const failure = await tryToRemove(engine, reference, logger);
    if (failure === undefined || (isNotFound(failure) && !mayAppear)) return true;
    if (performance.now() >= end || engine.closed) return false;
    await sleep(interval, undefined, { ref });
  }
}

/** @returns why it was not removed, when there is use in trying again. */
async function tryToRemove(engine: Engine, reference: ImageReference, logger: Logger): Promise<unknown> {
  try {
    await engine.images.remove(reference, { noprune: true });
  } catch (error) {
    if (isNotFound(error) || isUnreachable(error) || mayHaveBeenDone(error)) return error;
    if (isConflict(error)) logger.debug('an image stays: a container uses it', { reference });
    else logger.error('an image could not be removed', { reference, error });
  }
  return undefined;
}

/**
 * Removes all temporary images of a host: what a crash left. Only while the host does nothing else.
 *
 * @returns their names.
 * @throws what the engine fails with when it is asked for its images.
 */
export async function removeTemporaryImages(
  engine: Engine,
  host: string,
  logger: Logger,
): Promise<ImageReference[]> {
  const removed: ImageReference[] = [];
  for (const repo of [repository.loading, repository.snapshot]) {
    const prefix = `${repo}:${tagPrefix(host)}`;
    const images = await engine.images.list({ filters: { reference: [repo] } });
    // The engine's filter is a pattern: what is removed must be ours by its whole name.
    const names = images.flatMap(({ RepoTags: tags }) => tags).filter((name) => name.startsWith(prefix));
    for (const reference of names.filter(isImageReference)) {
      logger.info('removing an image that was left behind', { reference });
      await discardImage(engine, { reference }, false, logger);
      removed.push(reference);
    }
  }
  return removed;
}

function tagPrefix(host: string): string {
  return `tmp-${createHash('sha256').update(host).digest('hex').slice(0, hostDigits)}`;
}

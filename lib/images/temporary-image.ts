import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '../../interfaces/index.js';
import {
  EngineError,
  imageReference,
  isConflict,
  isImageReference,
  isNotFound,
  isUnreachable,
  repositoryName,
  tagName,
  type Engine,
  type ImageReference,
  type RepositoryName,
  type TagName,
} from '../engine/index.js';
import { repository } from '../labels.js';
import { pause } from '../streams/index.js';

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

/** How long removing is tried while the engine cannot be reached or may be about to make the image, and how often, in milliseconds. */
const patience = 5000;
const interval = 200;

/** A name that no image has. It shows which host made it, since several may share an engine. */
export function temporaryName(repo: TemporaryRepository, host: string): TemporaryName {
  const tag = tagName(`${tagPrefix(host)}${randomBytes(randomDigits / 2).toString('hex')}`);
  return { reference: imageReference(repo, tag), repo: repositoryName(repo), tag };
}

/** Whether the engine may do, or have done, what it was asked for, although it failed for the one who asked. */
export function answerWasLost(error: unknown): boolean {
  return isUnreachable(error) ? error.maybeDone : !(error instanceof EngineError);
}

/**
 * Removes an image that was only there for a while: its name, and the image itself when it has no other, but never what it was made from, nor what a
 * container uses. What cannot be removed is logged and left to {@link removeTemporaryImages}: the work that ends here has its own outcome to tell.
 *
 * @param mayAppear - the engine was asked to make it and its answer was lost: it may make it still.
 */
export async function discardImage(
  engine: Engine,
  { reference }: Pick<TemporaryName, 'reference'>,
  mayAppear: boolean,
  logger: Logger,
): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    const failure = await engine.images.remove(reference, { noprune: true }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (failure === undefined) return;
    const isGone = isNotFound(failure.error);
    if (isGone && !mayAppear) return;
    if (isConflict(failure.error)) {
      logger.debug('an image stays: a container uses it', { reference });
      return;
    }
    if (performance.now() >= end || !(isGone || isUnreachable(failure.error))) {
      if (isGone)
        logger.warn('a temporary image may appear yet; the next init_host removes it', { reference });
      else logger.error('a temporary image could not be removed', { reference, ...failure });
      return;
    }
    await pause(interval, undefined);
  }
}

/**
 * Removes all temporary images of a host: what a crash left. Only while the host does nothing else.
 *
 * @throws what the engine fails with when it is asked for its images.
 */
export async function removeTemporaryImages(engine: Engine, host: string, logger: Logger): Promise<void> {
  for (const repo of [repository.loading, repository.snapshot]) {
    const prefix = `${repo}:${tagPrefix(host)}`;
    const images = await engine.images.list({ filters: { reference: [repo] } });
    // The engine's filter is a pattern: what is removed must be ours by its whole name.
    const names = images.flatMap(({ RepoTags: tags }) => tags).filter((name) => name.startsWith(prefix));
    for (const reference of names.filter(isImageReference)) {
      logger.info('removing an image that was left behind', { reference });
      await discardImage(engine, { reference }, false, logger);
    }
  }
}

function tagPrefix(host: string): string {
  return `tmp-${createHash('sha256').update(host).digest('hex').slice(0, hostDigits)}`;
}

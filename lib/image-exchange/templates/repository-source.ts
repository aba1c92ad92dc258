import type { ImageRecord } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import {
  EngineError,
  undefinedIfNotFound,
  imageRef,
  isConflict,
  isNotFound,
  mayHaveSucceeded,
  type Engine,
  type ImageRef,
  type RegistryCredentials,
} from '../../engine/index.js';
import { repository as ownRepository } from '../../common/index.js';
import type { KeyedMutex } from '../../streams/index.js';
import { registryReference, shownReference, type RegistryReference } from '../registry-client/index.js';
import { discardImage, temporaryName, type TemporaryName } from '../../images/index.js';
import { ImageSourceError } from '../../http/index.js';
import { registerFromEngine, type Registration, type SourceEnvironment } from './engine-image.js';
import { PullProgress } from './pull-progress.js';

/** An image in a registry that the engine pulls, with the engine's own mirrors, proxies and certificates. */
export interface RepositorySource {
  readonly type: 'repository';
  /** `[registry/]path[:tag][@sha256:…]`. A digest pins the image, whatever the tag refers to. */
  readonly reference: string;
  /** Default: the engine pulls anonymously. */
  readonly credentials?: RegistryCredentials;
}

/**
 * Has the engine pull an image, registers it, and removes it from the engine. Resolves the tag to a digest first and
 * pulls by digest, so that no tag in the engine moves. The registry checks the caller's credentials even when the
 * engine has the image.
 *
 * @param locks - one per image. A removal could otherwise delete an image that a concurrent pull has just found.
 * @returns the image's record. Its properties `registry_reference` and `registry_digest` record the source.
 * @throws InvalidInput when the reference is malformed or its name is reserved for the driver.
 * @throws ImageSourceError when the engine or the registry refuses.
 * @throws the image service's error, or the signal's reason when the signal aborts.
 */
export async function registerFromRepository(
  environment: SourceEnvironment,
  registration: Registration,
  source: RepositorySource,
  locks: KeyedMutex,
): Promise<ImageRecord> {
  const { engine, host, logger } = environment;
  const reference = registryReference(source.reference);
  validateNotReserved(reference);
  const shown = shownReference(reference);
  const { signal } = registration;
  const temporary = temporaryName(ownRepository.snapshot, host);
  const digest = await refused(`look up ${shown}`, resolved(engine, reference, source, signal));
  const pinned = imageRef(`${reference.repository}@${digest}`);
  const pull = { digest, pinned, temporary, source };
  let mayAppear = false;
  try {
    await locks.runExclusive(digest, signal, () =>
      refused(`pull ${shown}`, pulled(environment, registration, reference, pull)),
    );
    const properties = {
      registry_reference: shown,
      registry_digest: digest,
      ...registration.metadata.properties,
    };
    const metadata = { ...registration.metadata, properties };
    return await registerFromEngine(
      environment,
      { ...registration, metadata },
      temporary,
      `The image ${shown}`,
    );
  } catch (error) {
    mayAppear = mayHaveSucceeded(error);
    throw error;
  } finally {
    // Hold the lock here too: an engine (28.5) that has found all layers present fails to create the image when it is
    // removed at that moment.
    await locks.runExclusive(digest, undefined, () => discardImage(engine, temporary, mayAppear, logger));
  }
}

/** @throws InvalidInput when the image's name is reserved: it would replace a boot image of the driver. */
function validateNotReserved({ registry, path }: RegistryReference): void {
  const names: readonly string[] = Object.values(ownRepository);
  const name = [`${registry}/${path}`, path].find((candidate) => names.includes(candidate));
  if (name !== undefined)
    throw new InvalidInput(`Images called ${name} are reserved for the driver and cannot be pulled`);
}

async function resolved(
  engine: Engine,
  { repository, tag, digest }: RegistryReference,
  { credentials }: RepositorySource,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (digest !== undefined) return digest;
  return await engine.registry.digest(imageRef(`${repository}:${tag ?? 'latest'}`), { credentials, signal });
}

interface Pull {
  readonly digest: string;
  readonly pinned: ImageRef;
  readonly temporary: TemporaryName;
  readonly source: RepositorySource;
}

/**
 * Leaves the image in the engine under its temporary name. Removes its digest reference, unless the engine had it
 * before.
 */
async function pulled(
  { engine, logger }: SourceEnvironment,
  { signal, onProgress }: Registration,
  { repository }: RegistryReference,
  { digest, pinned, temporary, source: { credentials } }: Pull,
): Promise<void> {
  const wasThere = (await undefinedIfNotFound(engine.images.inspect(pinned, { signal }))) !== undefined;
  const progress = new PullProgress(onProgress);
  try {
    for await (const line of engine.registry.pull(repository, digest, { credentials, signal }))
      progress.line(line);
    progress.end();
    await engine.images.tag(pinned, temporary);
  } finally {
    if (!wasThere)
      await engine.images.remove(pinned, { noprune: true }).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error))
          logger.warn('could not remove an image that was pulled', { reference: pinned, error });
      });
  }
}

async function refused<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new ImageSourceError(`The engine could not ${what}: ${cause.engineMessage}`, { cause });
  }
}

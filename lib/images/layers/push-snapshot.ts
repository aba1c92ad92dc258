import type { Readable } from 'node:stream';
import type { Logger, LongRunningOptions } from '../../../interfaces/index.js';
import { blobArchive, type StoredLayer } from '../../archives/index.js';
import {
  type Engine,
  EngineProtocolError,
  imageReference,
  type ImageReference,
  mayHaveSucceeded,
  repositoryName,
  type TagName,
} from '../../engine/index.js';
import { Meter } from '../../progress/index.js';
import { unwrapped } from '../../streams/index.js';
import { discardImage } from '../references/index.js';
import type { ReceivedSnapshot, SnapshotReceiver, SnapshotReception } from './snapshot-receiver.js';

/** A committed container, to be pushed without the layers of its base. */
interface SnapshotPush extends LongRunningOptions {
  readonly engine: Engine;
  readonly receiver: SnapshotReceiver | undefined;
  readonly committed: ImageReference;
  /** The commit's random tag. */
  readonly tag: TagName;
  /** The base's layers as containerd's store keeps them; undefined in a classic store, which cannot tell their sizes. */
  readonly stored: readonly StoredLayer[] | undefined;
  readonly logger: Logger;
}

/** A snapshot that the engine has pushed. Disposing it removes what was received. */
export interface SnapshotArchive extends AsyncDisposable {
  /** The archive of the snapshot, without the files of its base. The receiver must read or destroy it. */
  readonly archive: Readable;
}

/**
 * Lets the engine push a committed container to the driver's registry. The engine sends only what the base lacks, while
 * an export packs the whole image.
 *
 * @returns undefined when the engine cannot push it, and so must export it; the reason is logged.
 * @throws the signal's reason when the signal aborts.
 */
export async function pushSnapshot(push: SnapshotPush): Promise<SnapshotArchive | undefined> {
  const { receiver, stored, signal, logger, committed } = push;
  const address = receiver?.engineAddress;
  if (receiver === undefined || address === undefined || stored === undefined) return undefined;
  try {
    return await unwrapped(signal, () => archiveOfPush(push, receiver, address, stored));
  } catch (error) {
    signal?.throwIfAborted();
    logger.warn(
      'the engine could not push a snapshot to the registry of the driver: it exports the snapshot',
      {
        committed,
        registry: address,
        error,
      },
    );
    return undefined;
  }
}

async function archiveOfPush(
  push: SnapshotPush,
  receiver: SnapshotReceiver,
  address: string,
  stored: readonly StoredLayer[],
): Promise<SnapshotArchive> {
  const reception = await receiver.receiveSnapshot(stored);
  try {
    const received = await pushInto(push, reception, address);
    const omitted = new Set(stored.map(({ digest }) => digest));
    const blob = (digest: string): Promise<Readable> => received.blob(digest);
    const { manifest, content } = received;
    const { archive } = blobArchive({ manifest, content, blob, omitted, signal: push.signal });
    return {
      archive,
      [Symbol.asyncDispose]: async () => {
        archive.destroy();
        await reception[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await reception[Symbol.asyncDispose]();
    throw error;
  }
}

/** Engines push an image to the registry that its name begins with, so it gets such a name for the time of the push. */
async function pushInto(
  { engine, committed, tag, signal, onProgress, logger }: SnapshotPush,
  reception: SnapshotReception,
  address: string,
): Promise<ReceivedSnapshot> {
  const { repository, token } = reception;
  const repo = repositoryName(`${address}/${repository}`);
  const meter = new Meter(onProgress, 'uploading');
  const bytes = new Map<string, number>();
  let mayAppear = false;
  try {
    await engine.images.tag(committed, { repo, tag }).catch((error: unknown) => {
      mayAppear = mayHaveSucceeded(error);
      throw error;
    });
    for await (const { id, progressDetail } of engine.registry.push(repo, tag, { token, signal })) {
      if (id === undefined || progressDetail?.current === undefined) continue;
      bytes.set(id, progressDetail.current);
      meter.reach(
        [...bytes.values()].reduce((sum, each) => sum + each, 0),
        id,
      );
    }
    if (reception.received === undefined)
      throw new EngineProtocolError(
        `the engine says that it pushed ${repo}, but the registry got no manifest`,
      );
    return reception.received;
  } finally {
    meter.end();
    await discardImage(engine, { reference: imageReference(repo, tag) }, mayAppear, logger);
  }
}

import { InvalidInput, type Logger, type RequestContext } from '../../interfaces/index.js';
import { defaultImageLimits } from '../archives/index.js';
import { pemContent, usableLogger } from '../common/index.js';
import { AbortableImageService } from '../image-services/index.js';
import { Authentication } from './access/index.js';
import { BlobFolder, Uploads } from './blobs/index.js';
import { BlobEndpoints, errorToAnswer, ManifestEndpoints, Routes } from './endpoints/index.js';
import { RegistryServer } from './http/index.js';
import { PublishedImages, RepositoryBlobs, RepositoryManifests } from './images/index.js';
import { type ImageRegistryOptions, registrySettings, type RegistrySettings } from './options.js';
import { type SnapshotReception, SnapshotReceptions } from './snapshots/index.js';

/** What runs while the registry is started. */
interface Running {
  readonly server: RegistryServer;
  readonly folder: BlobFolder;
  readonly uploads: Uploads;
  readonly receptions: SnapshotReceptions;
  readonly port: number;
  readonly cleaning: NodeJS.Timeout;
}

/** Milliseconds that an interrupted upload waits for its client. Docker begins a new one instead. */
const maxUploadIdleMs = 10 * 60_000;

/** Longest time between two passes of the garbage collection, in milliseconds. */
const maxCleaningIntervalMs = 60_000;

/**
 * A registry in front of the image service: what `docker push` sends becomes an image there, which instances boot, and
 * `docker pull` gets it back with the same digest. Speaks the OCI distribution specification 1.1.
 */
export class ImageRegistry {
  readonly #settings: RegistrySettings;
  readonly #logger: Logger;
  readonly #authentication: Authentication;
  #running: Promise<Running> | undefined;

  /** @throws InvalidInput when an option is invalid. */
  constructor(options: ImageRegistryOptions) {
    this.#settings = registrySettings(options);
    this.#logger = usableLogger(options.logger);
    const { accounts, publicUrl } = this.#settings;
    this.#authentication = new Authentication(accounts, publicUrl);
  }

  /**
   * Starts the registry. Further calls are no-ops until {@link ImageRegistry.close}.
   *
   * @returns the address that clients use, for instance `127.0.0.1:5042`.
   * @throws InvalidInput when a certificate cannot be read.
   * @throws Node's error when the address or the folder cannot be used: EADDRINUSE, EACCES, …
   */
  async start(): Promise<string> {
    this.#running ??= this.#start();
    try {
      const { port } = await this.#running;
      const { address } = this.#settings;
      return `${address.includes(':') ? `[${address}]` : address}:${port}`;
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
  }

  /** Ends running requests, closes all connections, and removes the blobs of unfinished pushes. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const { server, folder, uploads, cleaning } = await running;
    clearInterval(cleaning);
    await server.close();
    await uploads.close();
    await folder.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Issues a bearer token with the rights of a context, for an engine that pushes or pulls (`registrytoken` in the header
   * `X-Registry-Auth`).
   *
   * @param lifetimeMs - how long the token is valid, in milliseconds.
   */
  issueToken(context: RequestContext, lifetimeMs: number): string {
    return this.#authentication.issue(context, lifetimeMs);
  }

  /** Revokes a token. */
  revokeToken(token: string): void {
    this.#authentication.revoke(token);
  }

  /**
   * Begins to receive a snapshot from an engine, which pushes it with the reception's token. The caller disposes the
   * reception.
   *
   * @param existing - blobs that the engine need not push.
   * @throws InvalidInput when the registry is not started.
   */
  async receiveSnapshot(existing: readonly { digest: string; size: number }[]): Promise<SnapshotReception> {
    const running = await this.#running;
    if (running === undefined) throw new InvalidInput('The registry receives nothing: call start first');
    return running.receptions.receive(existing);
  }

  async #start(): Promise<Running> {
    const { address, tls, idleTimeoutMs, folder: parent, maxFolderBytes } = this.#settings;
    const pem = tls && pemOf(tls);
    const folder = await BlobFolder.create(parent, maxFolderBytes, this.#logger);
    const { routes, uploads, receptions, clean } = this.#parts(folder);
    const logger = this.#logger;
    const server = new RegistryServer({
      ...{ tls: pem, idleTimeoutMs, logger },
      handle: async (request) => {
        const reception = receptions.of(request);
        if (reception === undefined) return await routes.handle(request);
        return await reception
          .handle(request)
          .catch((error: unknown) => errorToAnswer(error, 'a push of a snapshot', logger));
      },
    });
    try {
      const port = await server.listen(address, this.#settings.port);
      const onTimer = (): void =>
        void clean().catch((error: unknown) =>
          logger.warn('The registry could not remove the blobs of unfinished pushes', { error }),
        );
      const interval = Math.min(maxCleaningIntervalMs, this.#settings.removeUnusedBlobsAfterMs);
      const cleaning = setInterval(onTimer, interval).unref();
      return { server, folder, uploads, receptions, port, cleaning };
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  #parts(folder: BlobFolder): {
    routes: Routes;
    uploads: Uploads;
    receptions: SnapshotReceptions;
    clean: () => Promise<void>;
  } {
    const { maxUploads, removeUnusedBlobsAfterMs: unusedMs, mayDeleteReplaced } = this.#settings;
    const limits = { ...defaultImageLimits, ...this.#settings.imageLimits };
    const imageService = new AbortableImageService(this.#settings.imageService);
    const uploads = new Uploads(folder, { maxUploads, maxBytes: limits.maxBytes });
    const images = new PublishedImages(imageService);
    const blobs = new RepositoryBlobs(folder, images);
    const logger = this.#logger;
    const parts = { imageService, images, blobs, folder, limits, mayDeleteReplaced, logger };
    const manifests = new RepositoryManifests(parts);
    const routes = new Routes(
      { authentication: this.#authentication, logger },
      new BlobEndpoints({ blobs, folder, uploads }),
      new ManifestEndpoints(manifests, images),
    );
    const clean = async (): Promise<void> => {
      await uploads.removeUnused(Math.min(unusedMs, maxUploadIdleMs));
      await folder.removeUnused(unusedMs);
      await folder.touch();
    };
    return { routes, uploads, receptions: new SnapshotReceptions({ folder, uploads, limits }), clean };
  }
}

function pemOf({ cert, key }: NonNullable<RegistrySettings['tls']>): { cert: Buffer; key: Buffer } {
  return {
    cert: pemContent(cert, "the registry's certificate"),
    key: pemContent(key, "the registry's private key"),
  };
}

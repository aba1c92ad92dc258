import { randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { blobsOf, type ImageLimits, type ImageManifest, maxManifestBytes } from '../../archives/index.js';
import { pushedRepository } from '../../common/index.js';
import type { BlobFolder, StoredBlob, Uploads } from '../blobs/index.js';
import { BlobEndpoints } from '../endpoints/index.js';
import { type Answer, RegistryError, type RegistryRequest } from '../http/index.js';
import {
  keyOf,
  parsedManifest,
  type Repository,
  validatedDigest,
  validateManifest,
} from '../images/index.js';

/** A blob that the engine need not push. */
export interface ExistingBlob {
  readonly digest: string;
  readonly size: number;
}

/** What receptions share with the rest of the registry. */
export interface ReceptionParts {
  readonly folder: BlobFolder;
  readonly uploads: Uploads;
  readonly limits: ImageLimits;
}

/** A snapshot that the engine has pushed, without the blobs that existed. */
export interface ReceivedSnapshot {
  readonly manifest: ImageManifest;
  /** The manifest's bytes. */
  readonly content: Buffer;
  /** Opens a pushed blob, which the caller must read or destroy. */
  blob(digest: string): Promise<Readable>;
}

/**
 * Receives one snapshot from an engine. It becomes no image of the image service: the driver rewrites it first. Its token
 * gives no access to anything else, and no other token gives access to it. Disposing it removes all that was pushed.
 */
export class SnapshotReception implements AsyncDisposable {
  /** The repository to push to. Receptions share the name, and are told apart by their tokens. */
  readonly repository = pushedRepository;
  readonly token = randomBytes(32).toString('base64url');
  readonly #parts: ReceptionParts;
  readonly #existing: ReadonlyMap<string, StoredBlob>;
  readonly #endpoints: BlobEndpoints;
  readonly #onClose: (reception: SnapshotReception) => void;
  /** Keeps the blobs of this reception apart from all others: no client belongs to such a project. */
  readonly #context = { project_id: randomUUID() };
  readonly #key = keyOf({ context: this.#context, name: pushedRepository });
  #received: ReceivedSnapshot | undefined;
  #release: (() => void) | undefined;
  #isClosed = false;

  /** @param onClose - called when the token must not be accepted any more. */
  constructor(
    parts: ReceptionParts,
    existing: readonly ExistingBlob[],
    onClose: (reception: SnapshotReception) => void,
  ) {
    this.#parts = parts;
    this.#existing = new Map(existing.map(({ digest, size }) => [digest, existingBlob(digest, size)]));
    this.#onClose = onClose;
    const blobs = {
      find: (_repository: Repository, digest: string) => Promise.resolve(this.#find(digest)),
      mount: () => Promise.resolve(false),
    };
    this.#endpoints = new BlobEndpoints({ ...parts, blobs });
  }

  /** The snapshot; undefined until the engine has pushed its manifest. */
  get received(): ReceivedSnapshot | undefined {
    return this.#received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#onClose(this);
    this.#release?.();
    await this.#removeBlobs();
  }

  /** Answers a request with the reception's token. */
  async handle(request: RegistryRequest): Promise<Answer> {
    try {
      return await this.#answer(request);
    } finally {
      // The request began before the reception ended, and may have added a blob since.
      if (this.#isClosed) await this.#removeBlobs();
    }
  }

  async #answer(request: RegistryRequest): Promise<Answer> {
    const { method, url, signal } = request;
    const below = `/v2/${pushedRepository}/`;
    const path = url.pathname.startsWith(below) ? url.pathname.slice(below.length) : '';
    const [, kind = '', last = ''] = /^(blobs\/uploads|blobs|manifests)\/([^/]*)$/.exec(path) ?? [];
    const repository = { context: this.#context, name: pushedRepository, signal };
    switch (`${method} ${kind}`) {
      case 'HEAD blobs':
        return await this.#endpoints.read(request, repository, last);
      case 'POST blobs/uploads':
        return await this.#endpoints.begin(request, repository);
      case 'GET blobs/uploads':
        return await this.#endpoints.status(request, repository, last);
      case 'PATCH blobs/uploads':
        return await this.#endpoints.append(request, repository, last);
      case 'PUT blobs/uploads':
        return await this.#endpoints.finish(request, repository, last);
      case 'DELETE blobs/uploads':
        return await this.#endpoints.cancel(request, repository, last);
      case 'HEAD manifests':
        throw new RegistryError('MANIFEST_UNKNOWN', `The snapshot ${last} has not been pushed yet.`);
      case 'PUT manifests':
        return await this.#put(last, await request.wholeBody(maxManifestBytes));
      default:
        throw new RegistryError('DENIED', 'The token is for pushing one snapshot only.');
    }
  }

  #put(reference: string, content: Buffer): Promise<Answer> {
    const digest = validatedDigest(reference, content);
    const { manifest } = parsedManifest(content, undefined);
    const digests = blobsOf(manifest).map((blob) => blob.digest);
    const blobs = new Map(digests.flatMap((each) => entryOf(each, this.#find(each))));
    validateManifest(manifest, content, blobs, this.#parts.limits);
    this.#release?.();
    this.#release = this.#parts.folder.hold(this.#key, digests);
    this.#received = { manifest, content, blob: (each) => this.#open(each) };
    const headers = {
      Location: `/v2/${pushedRepository}/manifests/${digest}`,
      'Docker-Content-Digest': digest,
    };
    return Promise.resolve({ status: 201, headers });
  }

  #find(digest: string): StoredBlob | undefined {
    return this.#parts.folder.find(this.#key, digest) ?? this.#existing.get(digest);
  }

  async #open(digest: string): Promise<Readable> {
    const blob = this.#find(digest);
    if (blob === undefined) throw new ImageUnacceptable(`The registry lacks the blob ${digest}`);
    return await blob.open();
  }

  async #removeBlobs(): Promise<void> {
    await this.#parts.uploads.removeAll(this.#key);
    await this.#parts.folder.removeAll(this.#key);
  }
}

/** Stands for a blob that need not be pushed: the engine asks only whether it is here. Opening it fails. */
function existingBlob(digest: string, size: number): StoredBlob {
  const open = (): Promise<Readable> =>
    Promise.reject(new ImageUnacceptable(`The blob ${digest} was not pushed`));
  return { digest, size, open, hold: () => () => undefined };
}

const entryOf = (digest: string, blob: StoredBlob | undefined): [string, StoredBlob][] =>
  blob === undefined ? [] : [[digest, blob]];

import type { Readable } from 'node:stream';
import { sha256Digest } from '../../common/index.js';
import type { BlobFolder, BlobRange, Uploads } from '../blobs/index.js';
import { type Answer, RegistryError, type RegistryRequest } from '../http/index.js';
import { keyOf, type Repository, type RepositoryBlobs } from '../images/index.js';

/** What the endpoints of blobs work with. */
interface Parts {
  readonly blobs: Pick<RepositoryBlobs, 'find' | 'mount'>;
  readonly folder: BlobFolder;
  readonly uploads: Uploads;
}

/** The endpoints of blobs and their uploads, by the OCI distribution specification 1.1. */
export class BlobEndpoints {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** HEAD and GET of a blob, also of a range of it. */
  async read(request: RegistryRequest, repository: Repository, digest: string): Promise<Answer> {
    validateDigest(digest);
    const blob = await this.#parts.blobs.find(repository, digest);
    if (blob === undefined) throw unknown(digest);
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Docker-Content-Digest': digest,
      'Accept-Ranges': 'bytes',
    };
    const range = rangeOf(request.header('range'), blob.size);
    const body = async (): Promise<{ body?: Readable }> =>
      request.method === 'HEAD' ? {} : { body: await blob.open(range) };
    if (range === undefined)
      return { status: 200, headers: { ...headers, 'Content-Length': blob.size }, ...(await body()) };
    const { first, last } = range;
    return {
      status: 206,
      headers: {
        ...headers,
        'Content-Length': last - first + 1,
        'Content-Range': `bytes ${first}-${last}/${blob.size}`,
      },
      ...(await body()),
    };
  }

  /** DELETE of a blob that no image holds. */
  async remove(_request: RegistryRequest, repository: Repository, digest: string): Promise<Answer> {
    validateDigest(digest);
    if (await this.#parts.folder.remove(keyOf(repository), digest)) return { status: 202 };
    if ((await this.#parts.blobs.find(repository, digest)) === undefined) throw unknown(digest);
    throw new RegistryError('UNSUPPORTED', `The blob ${digest} is part of an image. Delete the image.`);
  }

  /** POST: mounts a blob from another repository, takes a whole blob, or begins an upload. */
  async begin(request: RegistryRequest, repository: Repository): Promise<Answer> {
    const { blobs, uploads } = this.#parts;
    const [mount, from, digest] = ['mount', 'from', 'digest'].map((name) => request.query(name));
    if (mount !== undefined && from !== undefined) {
      validateDigest(mount);
      if (await blobs.mount(repository, from, mount)) return created(repository, mount);
    }
    const id = await uploads.begin(keyOf(repository));
    if (digest === undefined) return uploading(repository, id, 0);
    validateDigest(digest);
    await uploads.finish(keyOf(repository), id, request.body(), digest);
    return created(repository, digest);
  }

  /** PATCH: takes the next chunk. */
  async append(request: RegistryRequest, repository: Repository, id: string): Promise<Answer> {
    const first = firstByte(request.header('content-range'));
    const size = await this.#parts.uploads.append(keyOf(repository), id, request.body(), first);
    return uploading(repository, id, size);
  }

  /** PUT: takes the last chunk, if any, and the blob's digest. */
  async finish(request: RegistryRequest, repository: Repository, id: string): Promise<Answer> {
    const digest = request.query('digest') ?? '';
    validateDigest(digest);
    const { uploads } = this.#parts;
    const first = firstByte(request.header('content-range'));
    await uploads.finish(keyOf(repository), id, request.body(), digest, first);
    return created(repository, digest);
  }

  /** GET: tells how many bytes have arrived, so that a client can continue. */
  status(_request: RegistryRequest, repository: Repository, id: string): Promise<Answer> {
    const size = this.#parts.uploads.size(keyOf(repository), id);
    return Promise.resolve({ ...uploading(repository, id, size), status: 204 });
  }

  /** DELETE: cancels an upload. */
  async cancel(_request: RegistryRequest, repository: Repository, id: string): Promise<Answer> {
    await this.#parts.uploads.cancel(keyOf(repository), id);
    return { status: 204 };
  }
}

function uploading({ name }: Repository, id: string, size: number): Answer {
  return {
    status: 202,
    headers: {
      Location: `/v2/${name}/blobs/uploads/${id}`,
      // By the specification the end is included, so nothing yet is also 0-0.
      Range: `0-${Math.max(0, size - 1)}`,
      'Docker-Upload-UUID': id,
    },
  };
}

function created({ name }: Repository, digest: string): Answer {
  const headers = { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest };
  return { status: 201, headers };
}

const unknown = (digest: string): RegistryError =>
  new RegistryError('BLOB_UNKNOWN', `The repository has no blob ${digest}.`);

/** @throws RegistryError when it is not a SHA-256 digest. */
function validateDigest(digest: string): void {
  if (!sha256Digest.test(digest))
    throw new RegistryError('DIGEST_INVALID', 'A digest must be sha256: and 64 hexadecimal digits.');
}

/** Reads where a chunk begins: `Content-Range: 0-1023`. */
function firstByte(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, first] = /^(?:bytes[ =])?(\d{1,15})-\d{1,15}(?:\/.*)?$/.exec(header) ?? [];
  if (first === undefined)
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'The header Content-Range is malformed.');
  return Number(first);
}

/** Reads one range of a blob. Several ranges, or a malformed header, mean the whole blob, as in HTTP. */
function rangeOf(header: string | undefined, size: number): BlobRange | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || `${from}${to}` === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) throw new RegistryError('RANGE_INVALID', `The blob has ${size} bytes.`);
  return { first, last };
}

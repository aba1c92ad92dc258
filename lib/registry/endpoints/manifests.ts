import { maxManifestBytes, ociIndexType, parsedImageManifest } from '../../archives/index.js';
import { type Answer, RegistryError, type RegistryRequest } from '../http/index.js';
import {
  isDigest,
  type PublishedImage,
  type PublishedImages,
  type Repository,
  type RepositoryManifests,
} from '../images/index.js';

/** A tag, by the specification. */
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** The name of an image has at most so many characters in Glance. */
const maxImageNameLength = 255;

/** Each referrer costs a request to the image service. */
const maxReferrers = 100;

/** The endpoints of manifests, tags and referrers, by the OCI distribution specification 1.1. */
export class ManifestEndpoints {
  readonly #manifests: RepositoryManifests;
  readonly #images: PublishedImages;

  constructor(manifests: RepositoryManifests, images: PublishedImages) {
    this.#manifests = manifests;
    this.#images = images;
  }

  /** HEAD and GET. */
  async read(request: RegistryRequest, repository: Repository, reference: string): Promise<Answer> {
    const found = await this.#manifests.find(repository, validReference(reference));
    if (found === undefined) throw unknown(repository, reference);
    const { digest, mediaType, size } = found;
    return {
      status: 200,
      headers: { 'Content-Type': mediaType, 'Content-Length': size, 'Docker-Content-Digest': digest },
      ...(request.method === 'HEAD' ? {} : { body: await found.read() }),
    };
  }

  async put(request: RegistryRequest, repository: Repository, reference: string): Promise<Answer> {
    validReference(reference);
    const { name } = repository;
    if (
      `${name}@sha256:${'0'.repeat(64)}`.length > maxImageNameLength ||
      `${name}:${reference}`.length > maxImageNameLength
    )
      throw new RegistryError(
        'NAME_INVALID',
        `The repository's name is too long: the image's name would exceed ${maxImageNameLength} characters.`,
      );
    const content = await request.wholeBody(maxManifestBytes);
    const type = request.header('content-type')?.split(';')[0]?.trim();
    const { digest, subject } = await this.#manifests.put(repository, reference, content, type);
    return {
      status: 201,
      headers: {
        Location: `/v2/${name}/manifests/${digest}`,
        'Docker-Content-Digest': digest,
        ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
      },
    };
  }

  async remove(_request: RegistryRequest, repository: Repository, reference: string): Promise<Answer> {
    if (await this.#manifests.remove(repository, validReference(reference))) return { status: 202 };
    throw unknown(repository, reference);
  }

  /** Lists the tags that the client may pull, in pages if the client asks for them. */
  async tags(request: RegistryRequest, repository: Repository): Promise<Answer> {
    const { context, name, signal } = repository;
    const images = await this.#images.ofRepository(context, name, signal);
    if (images.length === 0)
      throw new RegistryError('NAME_UNKNOWN', `There is no repository ${name} that you may read.`);
    const tags = [...new Set(images.flatMap((image) => this.#images.tagOf(image, name) ?? []))].sort();
    const last = request.query('last');
    const after = last === undefined ? tags : tags.filter((tag) => tag > last);
    const wanted = pageSize(request.query('n')) ?? after.length;
    const page = after.slice(0, wanted);
    const end = page.at(-1);
    const next =
      end !== undefined && page.length < after.length
        ? { Link: `</v2/${name}/tags/list?n=${wanted}&last=${encodeURIComponent(end)}>; rel="next"` }
        : {};
    return json({ name, tags: page }, { 'Content-Type': 'application/json', ...next });
  }

  /** Lists the manifests that are about a manifest. */
  async referrers(request: RegistryRequest, repository: Repository, digest: string): Promise<Answer> {
    const { context, name, signal } = repository;
    if (!isDigest(digest)) throw new RegistryError('DIGEST_INVALID', 'The digest is malformed.');
    const wanted = request.query('artifactType');
    const images = await this.#images.referrers(context, name, digest, signal);
    const manifests = new Map<string, Referrer>();
    for (const image of images.slice(0, maxReferrers)) {
      if (manifests.has(image.digest)) continue;
      const referrer = referrerOf(image, await this.#images.manifest(context, image, signal));
      if (wanted === undefined || referrer.artifactType === wanted) manifests.set(image.digest, referrer);
    }
    const index = { schemaVersion: 2, mediaType: ociIndexType, manifests: [...manifests.values()] };
    const filtered = wanted === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' };
    return json(index, { 'Content-Type': ociIndexType, ...filtered });
  }
}

/** What a list of referrers tells of a manifest. */
interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

function referrerOf({ digest, contents }: PublishedImage, content: Buffer): Referrer {
  const manifest = parsedImageManifest(content);
  return {
    mediaType: contents.mediaType,
    digest,
    size: contents.manifest.size,
    artifactType: manifest?.artifactType ?? manifest?.config.mediaType ?? undefined,
    annotations: manifest?.annotations ?? undefined,
  };
}

function json(value: object, headers: Record<string, string>): Answer {
  return { status: 200, headers, body: Buffer.from(JSON.stringify(value)) };
}

/** @throws RegistryError when it is neither a tag nor a digest. */
function validReference(reference: string): string {
  if (isDigest(reference) || tagPattern.test(reference)) return reference;
  throw new RegistryError(
    reference.includes(':') ? 'DIGEST_INVALID' : 'MANIFEST_INVALID',
    'A manifest is named by a tag, or by sha256: and 64 hexadecimal digits.',
  );
}

function unknown({ name }: Repository, reference: string): RegistryError {
  const separator = isDigest(reference) ? '@' : ':';
  return new RegistryError(
    'MANIFEST_UNKNOWN',
    `There is no ${name}${separator}${reference} that was pushed to this registry and that you may read.`,
  );
}

function pageSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RegistryError('SIZE_INVALID', 'The parameter n must be a number.');
}

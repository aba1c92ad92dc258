import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { RegistryCredentials } from '../../engine/index.js';
import { asBytes, asError, Deadline, readAll } from '../../streams/index.js';
import { verifiedStream } from '../../streams/index.js';
import { followRedirects, ImageSourceError, limited, shownUrl } from '../../http/index.js';
import type { WebAnswer, WebClient, WebRequest } from '../../http/index.js';
import { acceptedManifests, maxManifestBytes } from '../../archives/index.js';
import { authorization } from './authorization.js';
import type { RegistryReference } from './reference.js';

/** A repository and how to access it. */
interface RegistryAccess {
  readonly reference: RegistryReference;
  readonly credentials?: RegistryCredentials | undefined;
  /** Whether to use plain HTTP. */
  readonly insecure: boolean;
  readonly signal?: AbortSignal | undefined;
}

const maxErrorBytes = 64 * 1024;
const maxExplanationLength = 500;
const dockerHub = 'registry-1.docker.io';

/**
 * Client for one repository of a registry: reads and writes manifests and blobs, by the OCI distribution specification
 * 1.1.
 */
export class RegistryClient {
  readonly #client: WebClient;
  readonly #access: RegistryAccess;
  readonly #base: URL;
  #authorization: string | undefined;

  constructor(client: WebClient, access: RegistryAccess) {
    const { reference, insecure } = access;
    const host = reference.registry === 'docker.io' ? dockerHub : reference.registry;
    this.#client = client;
    this.#access = access;
    this.#base = new URL(`${insecure ? 'http' : 'https'}://${host}/v2/${reference.path}/`);
  }

  /**
   * Fetches a manifest.
   *
   * @param name - a tag or a digest.
   * @returns the manifest's bytes and their digest.
   * @throws ImageUnacceptable when the digest differs from the requested one or from the registry's header.
   */
  async manifest(name: string): Promise<{ readonly content: Buffer; readonly digest: string }> {
    const url = new URL(`manifests/${name}`, this.#base);
    const answer = await this.#get(url, { Accept: acceptedManifests });
    const content = await this.#whole(answer, maxManifestBytes);
    const digest = digestOf(content);
    const claims = [name.includes(':') ? name : digest, answer.header('docker-content-digest') ?? digest];
    if (claims.some((claim) => claim !== digest))
      throw new ImageUnacceptable(
        `${shownUrl(url)} does not match its digest: its content has the digest ${digest}`,
      );
    return { content, digest };
  }

  /**
   * Fetches a blob and verifies it on the way: the stream fails with ImageUnacceptable when its digest does not match.
   * The caller must read or destroy the stream.
   */
  async blob(digest: string, size: number): Promise<Readable> {
    const url = new URL(`blobs/${digest}`, this.#base);
    const { body } = await this.#get(url, {});
    const { signal } = this.#access;
    const what = `the blob ${digest}`;
    const received = limited(body, { what, maxBytes: size, idle: this.#client.idle, signal });
    const [algorithm = '', value = ''] = digest.split(':');
    return verifiedStream(
      received,
      algorithm,
      value,
      () => new ImageUnacceptable(`${shownUrl(url)} does not match its digest`),
    );
  }

  /**
   * Uploads a blob.
   *
   * @param source - always destroyed.
   * @param size - length of the source in bytes.
   * @returns the blob's digest.
   */
  async upload(source: Readable, size: number, onChunk: (chunk: Buffer) => void): Promise<string> {
    try {
      const begun = await this.#done(
        { method: 'POST', url: new URL('blobs/uploads/', this.#base), headers: { 'Content-Length': '0' } },
        202,
      );
      const hash = createHash('sha256');
      const sent = await this.#send(this.#location(begun), source, size, (chunk) => {
        hash.update(chunk);
        onChunk(chunk);
      });
      const digest = `sha256:${hash.digest('hex')}`;
      const url = this.#location(sent);
      url.searchParams.set('digest', digest);
      await this.#done({ method: 'PUT', url, headers: { 'Content-Length': '0' } }, 201);
      return digest;
    } finally {
      source.destroy();
    }
  }

  /**
   * Uploads a manifest. The registry must have its blobs already.
   *
   * @param name - the tag to set, or the manifest's digest.
   * @returns the manifest's digest.
   * @throws ImageSourceError when the registry reports another digest.
   */
  async putManifest(name: string, mediaType: string, content: Buffer): Promise<string> {
    const url = new URL(`manifests/${name}`, this.#base);
    const answer = await this.#done(
      { method: 'PUT', url, headers: { 'Content-Type': mediaType }, body: content },
      201,
    );
    const digest = digestOf(content);
    const claimed = answer.header('docker-content-digest') ?? digest;
    if (claimed !== digest)
      throw new ImageSourceError(
        `${shownUrl(url)} reports the digest ${claimed} for a manifest with the digest ${digest}`,
      );
    return digest;
  }

  async #send(
    url: URL,
    source: Readable,
    size: number,
    onChunk: (chunk: Buffer) => void,
  ): Promise<WebAnswer> {
    const { idle } = this.#client;
    const shown = shownUrl(url);
    const deadline = new Deadline(`the upload to ${shown}`, idle, this.#access.signal);
    const body = Readable.from(sent(), { objectMode: false });
    async function* sent(): AsyncGenerator<Buffer, void, void> {
      // Pause the deadline while waiting for the source: the registry is not to blame for that delay.
      deadline.pause();
      for await (const chunk of source) {
        const bytes = asBytes(chunk);
        onChunk(bytes);
        deadline.restart(`the upload to ${shown}`, idle);
        yield bytes;
        deadline.pause();
      }
      deadline.restart(`the answer to the upload to ${shown}`, idle);
    }
    try {
      return await this.#done(
        {
          method: 'PATCH',
          url,
          headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) },
          body,
          signal: deadline.signal,
        },
        202,
      );
    } catch (error) {
      // Each end's failure destroys the other. The source's error is the cause, not the broken connection.
      throw source.errored ?? error;
    } finally {
      deadline.clear();
      body.destroy();
    }
  }

  async #get(url: URL, headers: Readonly<Record<string, string>>): Promise<WebAnswer> {
    // Registries redirect to other servers for blobs.
    const answer = await this.#authorized({ method: 'GET', url, headers }, (request) =>
      followRedirects(this.#client, { ...request, method: 'GET' }),
    );
    if (answer.status !== 200) throw await this.#refusal('GET', answer);
    return answer;
  }

  /** Sends a request; only the response's status and headers matter. */
  async #done(request: WebRequest, wanted: number): Promise<WebAnswer> {
    const answer = await this.#authorized(request, (each) => this.#client.send(each));
    if (answer.status !== wanted) throw await this.#refusal(request.method, answer);
    await this.#whole(answer, maxErrorBytes);
    return answer;
  }

  /**
   * Sends a request, and repeats it with an authorization when the registry demands one. A stream cannot be sent twice,
   * so a request without a stream must obtain the authorization first.
   */
  async #authorized(
    request: WebRequest,
    send: (request: WebRequest) => Promise<WebAnswer>,
  ): Promise<WebAnswer> {
    const { credentials, signal } = this.#access;
    const signed = (): WebRequest => ({
      signal,
      ...request,
      headers: {
        ...request.headers,
        ...(this.#authorization === undefined ? {} : { Authorization: this.#authorization }),
      },
    });
    const answer = await send(signed());
    if (answer.status !== 401 || request.body instanceof Readable || answer.url.origin !== this.#base.origin)
      return answer;
    this.#authorization = await authorization(this.#client, answer, credentials, signal);
    return this.#authorization === undefined ? answer : await send(signed());
  }

  /** The next URL of an upload. It must be at the registry itself, because requests to it carry credentials. */
  #location(answer: WebAnswer): URL {
    const location = answer.header('location');
    const url =
      location !== undefined && URL.canParse(location, answer.url.href)
        ? new URL(location, answer.url)
        : undefined;
    if (url?.origin !== this.#base.origin)
      throw new ImageSourceError(`${shownUrl(answer.url)} redirects an upload to another server`);
    return url;
  }

  async #whole({ body, url }: WebAnswer, maxBytes: number): Promise<Buffer> {
    const { signal } = this.#access;
    return await readAll(
      limited(body, { what: shownUrl(url), maxBytes, idle: this.#client.idle, signal }),
      maxBytes,
    );
  }

  async #refusal(method: string, answer: WebAnswer): Promise<Error> {
    const words = await this.#whole(answer, maxErrorBytes).then(
      (content) => content.toString('utf8').replace(/\s+/g, ' ').slice(0, maxExplanationLength),
      (error: unknown) => asError(error).message,
    );
    const { status, url } = answer;
    return new ImageSourceError(
      `${method} ${shownUrl(url)}: status ${status}${words === '' ? '' : `: ${words}`}`,
      { status },
    );
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

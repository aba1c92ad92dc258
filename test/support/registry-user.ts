import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { ImageNotAuthorized, type ImageRecord } from '../../interfaces/index.js';

/** An HTTP answer, read to its end. */
export interface ReadAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: Buffer;
  /** The code of the first error, as in the specification; undefined without one. */
  readonly error: string | undefined;
  readonly json: () => unknown;
}

const tokenAnswer = z.object({ token: z.string().optional() });
const errorAnswer = z.object({ errors: z.array(z.object({ code: z.string() })) });
/** The property in which the registry says where an image's blobs are. */
const contents = z.looseObject({ blobs: z.array(z.tuple([z.string(), z.number(), z.number()])) });
export const contentsOf = (image: ImageRecord | undefined): z.output<typeof contents> =>
  contents.parse(JSON.parse(image?.properties['registry_contents'] ?? '{}'));

export const digestOf = (content: Buffer | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** A client that speaks the OCI distribution protocol by hand, so that tests can do what real clients do not. */
export class RegistryUser {
  #token: string | undefined;

  constructor(
    readonly address: string,
    private readonly login: { readonly username: string; readonly password: string } | undefined,
  ) {}

  /** Sends a request, with a token if this user has a login. */
  async send(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: Buffer | string; signal?: AbortSignal } = {},
  ): Promise<ReadAnswer> {
    const token = this.login === undefined ? undefined : (this.#token ??= await this.token(this.login));
    return await this.sendAs(token, method, path, options);
  }

  /** Sends a request with a given token. */
  async sendAs(
    token: string | undefined,
    method: string,
    path: string,
    {
      headers = {},
      body,
      signal,
    }: { headers?: Record<string, string>; body?: Buffer | string; signal?: AbortSignal } = {},
  ): Promise<ReadAnswer> {
    const answer = await fetch(`http://${this.address}${path}`, {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      body: body ?? null,
      signal: signal ?? null,
    });
    const content = Buffer.from(await answer.arrayBuffer());
    const json = (): unknown => JSON.parse(content.toString());
    return {
      status: answer.status,
      header: (name) => answer.headers.get(name),
      body: content,
      error: answer.status < 400 || content.length === 0 ? undefined : errorCode(json()),
      json,
    };
  }

  /** Gets a token for a username and a password. */
  async token(login: { readonly username: string; readonly password: string }): Promise<string> {
    const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    const answer = await this.sendAs(undefined, 'GET', '/token', {
      headers: { authorization: `Basic ${basic}` },
    });
    const { token } = tokenAnswer.parse(answer.json());
    if (answer.status !== 200 || token === undefined) throw new ImageNotAuthorized(`status ${answer.status}`);
    return token;
  }

  /** Uploads a blob in one request. */
  async pushBlob(repository: string, content: Buffer): Promise<string> {
    const digest = digestOf(content);
    const answer = await this.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, {
      body: content,
    });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body.toString()}`);
    return digest;
  }

  async pushManifest(
    repository: string,
    reference: string,
    manifest: object,
    type = ociManifest,
  ): Promise<ReadAnswer> {
    const body = JSON.stringify(manifest);
    return await this.send('PUT', `/v2/${repository}/manifests/${reference}`, {
      headers: { 'content-type': type },
      body,
    });
  }

  /** Pushes a whole image of these layers. @returns its manifest's digest. */
  async pushImage(repository: string, tag: string, layers: readonly Buffer[]): Promise<string> {
    for (const layer of layers) await this.pushBlob(repository, gzipSync(layer));
    const configuration = configurationOf(layers);
    await this.pushBlob(repository, configuration);
    const answer = await this.pushManifest(repository, tag, manifestOf(layers));
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body.toString()}`);
    return answer.header('docker-content-digest') ?? '';
  }
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';

/** The configuration of an image of these layers. */
export function configurationOf(layers: readonly Buffer[]): Buffer {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const rootfs = { type: 'layers', diff_ids: layers.map(digestOf) };
  return Buffer.from(JSON.stringify({ architecture, os: 'linux', config: {}, rootfs }));
}

/** The manifest of an image of these layers, which are pushed with gzip. */
export function manifestOf(layers: readonly Buffer[]): {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
} {
  return {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: descriptor(configurationOf(layers), 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => descriptor(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip')),
  };
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export const descriptor = (content: Buffer, mediaType: string): Descriptor => ({
  mediaType,
  digest: digestOf(content),
  size: content.length,
});

function errorCode(answer: unknown): string | undefined {
  return errorAnswer.safeParse(answer).data?.errors[0]?.code;
}

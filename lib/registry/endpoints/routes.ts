import { ImageNotAuthorized, type Logger, type RequestContext } from '../../../interfaces/index.js';
import { type Authentication, tokenPath } from '../access/index.js';
import { type Answer, RegistryError, type RegistryRequest } from '../http/index.js';
import type { Repository } from '../images/index.js';
import type { BlobEndpoints } from './blobs.js';
import { errorToAnswer } from './error-to-answer.js';
import type { ManifestEndpoints } from './manifests.js';

type Endpoint = (request: RegistryRequest, repository: Repository, last: string) => Promise<Answer>;

/** One path of the API: what each method does. */
interface Route {
  /** Its groups: the repository, and the tag, digest or id at the end. */
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Endpoint>>;
}

/** A repository's name, by the specification. */
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const name = `(${component}(?:/${component})*)`;

/** Answers the requests of clients, see the table below. */
export class Routes {
  readonly #authentication: Authentication;
  readonly #logger: Logger;
  readonly #routes: readonly Route[];

  constructor(
    { authentication, logger }: { readonly authentication: Authentication; readonly logger: Logger },
    blobs: BlobEndpoints,
    manifests: ManifestEndpoints,
  ) {
    this.#authentication = authentication;
    this.#logger = logger;
    const read: Endpoint = (...request) => blobs.read(...request);
    const readManifest: Endpoint = (...request) => manifests.read(...request);
    this.#routes = [
      {
        path: new RegExp(`^/v2/${name}/blobs/uploads/?()$`),
        methods: { POST: (request, repository) => blobs.begin(request, repository) },
      },
      {
        path: new RegExp(`^/v2/${name}/blobs/uploads/([^/]+)$`),
        methods: {
          GET: (...request) => blobs.status(...request),
          PATCH: (...request) => blobs.append(...request),
          PUT: (...request) => blobs.finish(...request),
          DELETE: (...request) => blobs.cancel(...request),
        },
      },
      {
        path: new RegExp(`^/v2/${name}/blobs/([^/]+)$`),
        methods: { HEAD: read, GET: read, DELETE: (...request) => blobs.remove(...request) },
      },
      {
        path: new RegExp(`^/v2/${name}/manifests/([^/]+)$`),
        methods: {
          HEAD: readManifest,
          GET: readManifest,
          PUT: (...request) => manifests.put(...request),
          DELETE: (...request) => manifests.remove(...request),
        },
      },
      {
        path: new RegExp(`^/v2/${name}/tags/list()$`),
        methods: { GET: (request, repository) => manifests.tags(request, repository) },
      },
      {
        path: new RegExp(`^/v2/${name}/referrers/([^/]+)$`),
        methods: { GET: (...request) => manifests.referrers(...request) },
      },
    ];
  }

  /** Answers a request, also when it is refused or fails. */
  async handle(request: RegistryRequest): Promise<Answer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      // The token of the image service may have expired: the client logs in again.
      if (error instanceof ImageNotAuthorized) return this.#authentication.challenge(request);
      return errorToAnswer(error, `${request.method} ${request.url.pathname}`, this.#logger);
    }
  }

  async #answer(request: RegistryRequest): Promise<Answer> {
    const path = decodedPath(request.url);
    if (path === tokenPath) return await this.#authentication.token(request);
    const context = this.#authentication.contextOf(request);
    if (context === undefined) return this.#authentication.challenge(request);
    if (path === '/v2/' || path === '/v2') return welcome;
    return await this.#route(request, path, context);
  }

  async #route(request: RegistryRequest, path: string, context: RequestContext): Promise<Answer> {
    const { signal } = request;
    for (const route of this.#routes) {
      const [match, repository, last] = route.path.exec(path) ?? [];
      if (match === undefined || repository === undefined) continue;
      const endpoint = route.methods[request.method];
      if (endpoint === undefined)
        throw new RegistryError('UNSUPPORTED', `${request.method} is not possible here.`);
      return await endpoint(request, { context, name: repository, signal }, last ?? '');
    }
    throw new RegistryError(
      'NAME_INVALID',
      'There is nothing here: the name of the repository may be malformed.',
    );
  }
}

const welcome: Answer = {
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from('{}'),
};

function decodedPath({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch (cause) {
    throw new RegistryError('NAME_INVALID', 'The path of the request is malformed.', { cause });
  }
}

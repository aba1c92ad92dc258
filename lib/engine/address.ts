import { homedir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { InvalidInput } from '../../interfaces/index.js';
import { type FieldsOf, pemContent, withoutSecrets } from '../common/index.js';

/** An engine's address with its TLS settings. */
export interface EngineOptions {
  /** `unix:///path`, `tcp://host:port`, `http://host:port` or `https://host:port`. */
  readonly host: string;
  /**
   * The CA certificates that the engine's certificate is verified against: PEM content, or the path of a PEM file.
   * Default: Node's.
   */
  readonly ca?: string | Buffer;
  /** The client certificate: PEM content, or the path of a PEM file. */
  readonly cert?: string | Buffer;
  /** The key of the client certificate: PEM content, or the path of a PEM file. */
  readonly key?: string | Buffer;
  /**
   * Accepts any certificate of the engine: an attacker on the network path can then take over the engine. Default:
   * false.
   */
  readonly insecureSkipTlsVerify?: boolean;
}

/** TLS settings in the terms of `node:tls`. */
interface TlsSettings {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly rejectUnauthorized: boolean;
}

/** A validated address, with its TLS files read. Created by {@link engineAddress}. */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly hostname: string; readonly port: number; readonly tls?: TlsSettings };

const defaultHost = 'unix:///var/run/docker.sock';
const pemSource = z.union([z.string(), z.instanceof(Buffer)]).optional();
/** Strict: ignoring a misspelled TLS field would connect in plain text. */
const engineOptions = z.strictObject({
  host: z.string(),
  ca: pemSource,
  cert: pemSource,
  key: pemSource,
  insecureSkipTlsVerify: z.boolean().optional(),
} satisfies FieldsOf<EngineOptions>);
/** Docker's conventional ports, without and with TLS. */
const plainPort = 2375;
const tlsPort = 2376;

/**
 * Resolves the engine's address: the option, else `DOCKER_HOST`, else `unix:///var/run/docker.sock`.
 *
 * `DOCKER_TLS_VERIFY` or `DOCKER_CERT_PATH` enable TLS on a `tcp://` connection. `ca.pem`, `cert.pem` and `key.pem` are
 * read from the latter, default `~/.docker`. Unlike the `docker` command, omitting a variable never disables
 * verification: only `insecureSkipTlsVerify` does.
 *
 * @param option - a URL, or a URL with TLS files. The environment's TLS settings are then ignored.
 * @param env - the environment with `DOCKER_HOST` and the other variables.
 * @throws InvalidInput when the option is not an address, has an unknown field, or names an unreadable file.
 */
export function engineAddress(
  option?: string | EngineOptions,
  env: NodeJS.ProcessEnv = process.env,
): EngineAddress {
  if (typeof option === 'string') return parse({ host: option });
  if (option === undefined) return parse(fromEnvironment(env));
  const checked = engineOptions.safeParse(option);
  if (checked.success) return parse(option);
  throw new InvalidInput(
    `engine is neither an address nor an object with a host and TLS files: ${z.prettifyError(checked.error)}`,
    { cause: checked.error },
  );
}

function fromEnvironment(env: NodeJS.ProcessEnv): EngineOptions {
  const host = filled(env['DOCKER_HOST']) ?? defaultHost;
  const certPath = filled(env['DOCKER_CERT_PATH']);
  const wantsTls = certPath !== undefined || filled(env['DOCKER_TLS_VERIFY']) !== undefined;
  if (!wantsTls || host.startsWith('unix:')) return { host };
  const folder = certPath ?? join(homedir(), '.docker');
  return {
    host,
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  };
}

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function parse(options: EngineOptions): EngineAddress {
  const { host } = options;
  if (host.startsWith('unix://')) return { socketPath: socketPath(host) };
  if (host.startsWith('/')) throw unusable(host, `write unix://${withoutSecrets(host)}`);
  if (!URL.canParse(host)) throw unusable(host, 'it is not a URL');
  const url = new URL(host);
  const tls = tlsSettings(options, url.protocol === 'https:');
  switch (url.protocol) {
    case 'tcp:':
    case 'https:':
      break;
    case 'http:':
      if (tls !== undefined) throw unusable(host, 'http:// has no TLS; write tcp:// or https://');
      break;
    default:
      throw unusable(host, 'only unix://, tcp://, http:// and https:// are known');
  }
  if (url.hostname === '') throw unusable(host, 'it has no host');
  if (url.username !== '' || url.password !== '')
    throw unusable(host, 'it must not have a user name or password');
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '') {
    throw unusable(host, 'only a host and a port are allowed');
  }
  return {
    // Node expects an IPv6 address without the brackets of a URL.
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port(url, tls !== undefined),
    ...(tls === undefined ? {} : { tls }),
  };
}

function port(url: URL, secure: boolean): number {
  if (url.port !== '') return Number(url.port);
  // The URL parser drops a scheme's default port. tcp:// has none.
  if (url.protocol === 'http:') return 80;
  if (url.protocol === 'https:') return 443;
  return secure ? tlsPort : plainPort;
}

function socketPath(host: string): string {
  const path = host.slice('unix://'.length);
  if (!path.startsWith('/')) throw unusable(host, "a socket's path must be absolute: unix:///path");
  if (path.includes('\0')) throw unusable(host, "a socket's path has no NUL");
  return path;
}

function tlsSettings(options: EngineOptions, demanded: boolean): TlsSettings | undefined {
  const { ca, cert, key, insecureSkipTlsVerify } = options;
  const wanted = demanded || [ca, cert, key, insecureSkipTlsVerify].some((setting) => setting !== undefined);
  if (!wanted) return undefined;
  if ((cert === undefined) !== (key === undefined)) {
    throw unusable(options.host, 'a certificate and its key are given together or not at all');
  }
  return {
    ...(ca === undefined ? {} : { ca: pem(ca, 'ca') }),
    ...(cert === undefined ? {} : { cert: pem(cert, 'cert') }),
    ...(key === undefined ? {} : { key: pem(key, 'key') }),
    rejectUnauthorized: insecureSkipTlsVerify !== true,
  };
}

const pem = (source: string | Buffer, what: string): Buffer =>
  pemContent(source, `the engine's ${what} file`);

const unusable = (host: string, why: string): InvalidInput =>
  new InvalidInput(`${JSON.stringify(withoutSecrets(host))} is not the address of an engine: ${why}`);

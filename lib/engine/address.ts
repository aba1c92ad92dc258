/** Where an engine listens, for one that needs more than a URL. */
export interface EngineOptions {
  /** `unix:///path`, `tcp://host:port`, `http://host:port` or `https://host:port`. */
  readonly host: string;
  /** The path of a PEM file, or its content: the authorities that may vouch for the engine. */
  readonly ca?: string | Buffer;
  /** The path of a PEM file, or its content: our certificate. */
  readonly cert?: string | Buffer;
  /** The path of a PEM file, or its content: our certificate's key. */
  readonly key?: string | Buffer;
  /** `false` accepts any certificate of the engine's. Default: true. */
  readonly tlsVerify?: boolean;
}

/** What TLS needs. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly rejectUnauthorized: boolean;
}

/** Where an engine listens, checked. */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly hostname: string; readonly port: number; readonly tls?: TlsFiles };

export function engineAddress(
  option?: string | EngineOptions,
  env: NodeJS.ProcessEnv = process.env,
): EngineAddress {
  void option;
  void env;
  return { socketPath: '/var/run/docker.sock' };
}

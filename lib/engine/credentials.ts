/** Credentials for a registry. */
export interface RegistryCredentials {
  readonly username: string;
  /** A password, or an access token where the registry issues them. */
  readonly password: string;
}

/** The authentication header for pulling or inspecting an image. */
export function pullCredentials(credentials: RegistryCredentials | undefined): Record<string, string> {
  return credentials === undefined ? {} : { 'X-Registry-Auth': encoded(plain(credentials)) };
}

/** The authentication header for a build's base images, by registry. */
export function buildCredentials(
  registries: Readonly<Record<string, RegistryCredentials>> | undefined,
): Record<string, string> {
  if (registries === undefined) return {};
  const known = Object.entries(registries).map(([name, each]): [string, object] => [name, plain(each)]);
  return { 'X-Registry-Config': encoded(Object.fromEntries(known)) };
}

/** The authentication header for a push with a registry's bearer token. */
export function tokenCredentials(token: string): Record<string, string> {
  return { 'X-Registry-Auth': encoded({ registrytoken: token }) };
}

const plain = ({ username, password }: RegistryCredentials): object => ({ username, password });

/** The engine expects URL-safe base64 with padding, which Node's `base64url` omits. */
const encoded = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

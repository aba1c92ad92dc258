/** Who somebody is to a registry. */
export interface RegistryCredentials {
  readonly username: string;
  /** Or an access token in its place, where the registry gives such. */
  readonly password: string;
}

/** The header that tells the engine who is to pull or look up an image. */
export function pullCredentials(credentials: RegistryCredentials | undefined): Record<string, string> {
  return credentials === undefined ? {} : { 'X-Registry-Auth': encoded(plain(credentials)) };
}

/** The header that tells the engine who pulls what a build needs, by registry. */
export function buildCredentials(
  registries: Readonly<Record<string, RegistryCredentials>> | undefined,
): Record<string, string> {
  if (registries === undefined) return {};
  const known = Object.entries(registries).map(([name, each]): [string, object] => [name, plain(each)]);
  return { 'X-Registry-Config': encoded(Object.fromEntries(known)) };
}

const plain = ({ username, password }: RegistryCredentials): object => ({ username, password });

/** The engine wants the alphabet for URLs, and the padding that Node's `base64url` leaves out. */
const encoded = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

/** What an engine said about itself, and the API version that is spoken with it. */
export interface EngineVersion {
  /** The API version in use, such as `1.41`. */
  readonly apiVersion: string;
  /** The engine's own version, such as `20.10.24`. */
  readonly engineVersion: string;
  /** The oldest API version that the engine speaks. */
  readonly minimumApiVersion: string;
  /** The newest API version that the engine speaks. */
  readonly maximumApiVersion: string;
  /** `linux`. */
  readonly operatingSystem: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
}

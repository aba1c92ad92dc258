import { tmpdir } from 'node:os';
import { isIP } from 'node:net';
import { z } from 'zod';
import { type ImageRecord, type ImageService, InvalidInput, type Logger } from '../../interfaces/index.js';
import { defaultImageLimits, type ImageLimits } from '../archives/index.js';
import {
  amounts,
  callbackOf,
  certificates,
  count,
  type FieldsOf,
  GiB,
  imageService,
  logger,
  objectWith,
  text,
} from '../common/index.js';
import type { RegistryAccounts } from './access/index.js';

/** Options of an {@link ImageRegistry}. */
export interface ImageRegistryOptions {
  /** Where pushed images are stored, and pulled images are read. */
  readonly imageService: ImageService;
  /** Who may use the registry: {@link StaticAccounts}, {@link KeystoneAccounts}, or your own class. */
  readonly accounts: RegistryAccounts;
  /** The IP address to listen on. An address that is not a loopback address requires `tls`. Default: `127.0.0.1`. */
  readonly address?: string;
  /** The port; 0 selects a free one. Default: 5042. */
  readonly port?: number;
  /** The server's certificate and its private key: PEM, or the paths of PEM files. Default: plain HTTP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /**
   * How clients reach the registry, if a proxy stands before it: `https://registry.example.org`. Default: what a request
   * names as its host.
   */
  readonly publicUrl?: string;
  /**
   * Folder for blobs of unfinished pushes. The registry creates a folder for itself in it, and removes it when it closes.
   * Default: the system's folder for temporary files.
   */
  readonly folder?: string;
  /**
   * Maximum bytes of unfinished pushes in the folder; one project may use half of it. A push beyond it is refused for the
   * moment. Default: 64 GiB.
   */
  readonly maxFolderBytes?: number;
  /** Maximum number of blobs that are received from one project at the same time. Default: 100. */
  readonly maxUploads?: number;
  /** Limits of a pushed image. Default: those of images that the driver boots. */
  readonly imageLimits?: Partial<ImageLimits>;
  /** The longest silence of a client in milliseconds. Default: 60 s. */
  readonly idleTimeoutMs?: number;
  /** Milliseconds after which an unused blob of an unfinished push is removed. Default: 1 h. */
  readonly removeUnusedBlobsAfterMs?: number;
  /**
   * Decides whether an image whose tag has moved to another image is deleted. Default: it is kept under the name
   * `repository@digest`.
   */
  readonly mayDeleteReplaced?: (record: ImageRecord) => boolean | Promise<boolean>;
  /** Default: a no-op. */
  readonly logger?: Logger;
}

const minute = 60_000;
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

const fields = {
  accounts: objectWith<RegistryAccounts>('authenticate'),
  address: text.refine((address) => isIP(address) !== 0, 'must be an IP address').default('127.0.0.1'),
  port: z.int().min(0).max(65535).default(5042),
  tls: z.strictObject({ cert: certificates, key: certificates }).optional(),
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  folder: text.default(tmpdir()),
  maxFolderBytes: count.default(64 * GiB),
  maxUploads: count.default(100),
  imageLimits: amounts(defaultImageLimits).optional(),
  idleTimeoutMs: count.default(minute),
  removeUnusedBlobsAfterMs: count.default(60 * minute),
  mayDeleteReplaced: callbackOf<NonNullable<ImageRegistryOptions['mayDeleteReplaced']>>().default(
    () => () => false,
  ),
} satisfies FieldsOf<Omit<ImageRegistryOptions, 'imageService' | 'logger'>>;

const hasTlsIfNeeded = ({ address, tls }: { address: string; tls?: object | undefined }): boolean =>
  tls !== undefined || isLoopback(address);
const tlsMissing =
  'tls is required, because address is not a loopback address: passwords would cross the network in plain text';

const optionsSchema = z
  .strictObject({
    ...fields,
    imageService,
    logger: logger.optional(),
  } satisfies FieldsOf<ImageRegistryOptions>)
  .refine(hasTlsIfNeeded, tlsMissing);

/** Options of the registry that a driver runs. The driver gives it its own image service and logger. */
export interface DriverRegistryOptions extends Omit<ImageRegistryOptions, 'imageService' | 'logger'> {
  /**
   * `host:port` by which the engine reaches the registry. The engine then pushes the layers of delta snapshots to it.
   * Default: the address of the registry if that is an IPv4 loopback address and the engine has a socket on this
   * machine; otherwise none, and the engine exports snapshots.
   */
  readonly engineAddress?: string;
}

export const driverRegistryOptions = z
  .strictObject({
    ...fields,
    engineAddress: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?:[0-9]{1,5}$/i, 'must be host:port')
      .optional(),
  } satisfies FieldsOf<DriverRegistryOptions>)
  .refine(hasTlsIfNeeded, tlsMissing);

/** The validated options with their defaults. */
export type RegistrySettings = z.output<typeof optionsSchema>;

/**
 * Validates the options.
 *
 * @throws InvalidInput naming each invalid option.
 */
export function registrySettings(options: ImageRegistryOptions): RegistrySettings {
  const checked = optionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new InvalidInput(`The ImageRegistry cannot be set up: ${z.prettifyError(checked.error)}`);
}

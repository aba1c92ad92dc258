/**
 * Small definitions that every room needs, of names and values; what flows or waits is in `streams/`: label and image
 * names, UUIDs, option fields, parsing of untrusted JSON, the loggers, subnets, units and digests. Imports only
 * interfaces. Sends no request and keeps no state.
 */
export {
  addressAlone,
  type AddressBlock,
  addressBlock,
  netmask,
  networkAddress,
  overlap,
} from './address-block.js';
export { parsedJson } from './json.js';
export {
  engineNetworkName,
  imageCacheVolume,
  instanceContainerName,
  instancePartName,
  instanceUuid,
  interfaceOption,
  isOfInstance,
  isOwnLabel,
  label,
  manifestAnnotation,
  pushedRepository,
  repository,
  unusedSince,
} from './labels.js';
export {
  amounts,
  callback,
  callbackOf,
  certificates,
  count,
  type FieldsOf,
  imageService,
  logger,
  objectWith,
  text,
  unchecked,
  withMethods,
} from './option-fields.js';
export { pemContent } from './pem.js';
export { withoutSecrets, withoutValues } from './secrets.js';
export { digestOf, sha256Digest } from './sha256-digest.js';
export { GiB, KiB, MiB } from './units.js';
export { usableLogger } from './usable-logger.js';
export { isUuid, namedUuid } from './uuid.js';
export { vif } from './vif-schema.js';

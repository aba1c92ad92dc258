/**
 * How a verb is defined: its name, its lock, its failure, the validation of its arguments, and the compute node on which it
 * runs. Imports the rooms below the verbs; knows no verb.
 */
export {
  connectedInstanceMustBeSound,
  connectedInstancesMustBeSound,
  departureMustBeSound,
  diskInfoMustBeText,
  handedOverMustBeSound,
  hostMustBeNamed,
  hostOfInstanceMustBeSound,
  imageIdMustBeText,
  instanceMustBeSound,
  instancesMustBeSound,
  makingMustBeSound,
  mountpointMustBeText,
  networkInfoMustBeSound,
  nodeMustBeNamed,
  optionsMustBeSound,
  passwordMustBeSound,
  patienceMustBeSound,
  providerTreeMustBeSound,
  rebootTypeMustBeKnown,
  remakingMustBeSound,
  sharedStorageDataMustBeSound,
  soundInstance,
  timeoutMustBeSound,
  updateTaskStateMustBeSound,
  vifMustBeSound,
} from './arguments.js';
export type { ComputeNode } from './compute-node.js';

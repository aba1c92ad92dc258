/**
 * What the definition of a verb needs: the validation of its arguments, and the compute node on which it runs. May
 * import the rooms below the verbs; never imports a verb.
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

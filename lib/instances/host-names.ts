import type { Instance } from '../../interfaces/index.js';
import { InvalidInput } from '../../interfaces/index.js';
import type { ContainerSpecification, HostConfiguration, NetworkPart } from '../engine/index.js';

/** The host names that Nova's API accepts. Nova: `parameter_types.fqdn`. */
const acceptedName = /^[a-z0-9._-]{1,255}$/i;
/** Maximum length in bytes of a host name in Linux (`__NEW_UTS_LEN`). */
const longestHostName = 64;
/** Maximum length of a DNS label in characters. */
const longestLabel = 63;

/** A container's host name, and additional entries for its hosts file. */
interface HostNames extends Pick<ContainerSpecification, 'Hostname' | 'Domainname'> {
  readonly hosts: Pick<HostConfiguration, 'ExtraHosts'>;
}

/**
 * The host name of an instance. If the name is too long for Linux, its first label becomes the host name, and the hosts
 * file holds the full name.
 *
 * At each start the engine writes `address Hostname.Domainname Hostname` for each interface into the hosts file. If
 * that line is missing, or lacks the full name because the label was cut, an entry for 127.0.1.1 is added, as in
 * Debian.
 *
 * @throws InvalidInput for a name that Nova's API does not accept.
 */
export function hostNames(instance: Instance, network: NetworkPart): HostNames {
  const name = instance.hostname ?? instance.name;
  if (!acceptedName.test(name))
    throw new InvalidInput(
      `${JSON.stringify(name)} cannot be a host name: use 1 to 255 letters, digits, ".", "-" and "_"`,
    );
  if (name.length <= longestHostName) return { Hostname: name, hosts: {} };
  const [label = '', ...domain] = name.replace(/^\.+/, '').split('.');
  const firstLabel = label.slice(0, longestLabel);
  const domainName = domain.join('.');
  const isWrittenWhole = network.HostConfig?.NetworkMode !== 'none' && `${firstLabel}.${domainName}` === name;
  return {
    Hostname: firstLabel,
    ...(domainName === '' ? {} : { Domainname: domainName }),
    hosts: isWrittenWhole ? {} : { ExtraHosts: [`${name}:127.0.1.1`] },
  };
}

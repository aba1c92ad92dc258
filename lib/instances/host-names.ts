import type { Instance } from '../../interfaces/index.js';
import { InvalidInput } from '../../interfaces/index.js';
import type { ContainerSpecification, HostConfiguration, NetworkPart } from '../engine/index.js';

/** The characters that Nova's API accepts in the name of a host, and the length. Nova: `parameter_types.fqdn`. */
const acceptedName = /^[a-z0-9._-]{1,255}$/i;
/** Bytes of a host name that Linux keeps (`__NEW_UTS_LEN`). */
const longestHostName = 64;
/** Characters of a label that DNS allows. */
const longestLabel = 63;

/** What a container is called, and the entries of its hosts file that the engine does not write by itself. */
interface HostNames extends Pick<ContainerSpecification, 'Hostname' | 'Domainname'> {
  readonly hosts: Pick<HostConfiguration, 'ExtraHosts'>;
}

/**
 * The host name of an instance. Of a name that Linux cannot keep, the host name is the first label; the hosts file holds
 * the whole name.
 *
 * At each start an engine writes `address Hostname.Domainname Hostname` for each interface into the hosts file. Where
 * that line is missing, or has another name because the label was cut, the entry is one for 127.0.1.1, as in Debian.
 *
 * @throws InvalidInput for a name that Nova's API refuses.
 */
export function hostNames(instance: Instance, network: NetworkPart): HostNames {
  const name = instance.hostname ?? instance.name;
  if (!acceptedName.test(name))
    throw new InvalidInput(
      `${JSON.stringify(name)} cannot be a host name: use 1 to 255 letters, digits, ".", "-" and "_"`,
    );
  if (name.length <= longestHostName) return { Hostname: name, hosts: {} };
  const [label = '', ...domain] = name.replace(/^\.+/, '').split('.');
  const Hostname = label.slice(0, longestLabel);
  const Domainname = domain.join('.');
  const isWrittenWhole = network.HostConfig?.NetworkMode !== 'none' && `${Hostname}.${Domainname}` === name;
  return {
    Hostname,
    ...(Domainname === '' ? {} : { Domainname }),
    hosts: isWrittenWhole ? {} : { ExtraHosts: [`${name}:127.0.1.1`] },
  };
}

import type { Instance } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import type { ContainerSpecification, HostConfiguration } from '../../engine/index.js';

/** The host names that Nova's API accepts. Nova: `parameter_types.fqdn`. */
const acceptedName = /^[a-z0-9._-]{1,255}$/i;
/** Maximum length in bytes of a host name in Linux (`__NEW_UTS_LEN`). */
const maxHostNameLength = 64;
/** Maximum length of a DNS label in characters. */
const maxLabelLength = 63;

/** A container's host name, and additional entries for its hosts file. */
interface HostNames extends Pick<ContainerSpecification, 'Hostname'> {
  readonly hosts: Pick<HostConfiguration, 'ExtraHosts'>;
}

/**
 * The host name of an instance. If the name is too long for Linux, its first label becomes the host name, and the hosts
 * file maps the full name to 127.0.1.1, as Debian does. The engine's own domain name is not used: a container in a user
 * namespace cannot start with one (28.5).
 *
 * @throws InvalidInput for a name that Nova's API does not accept.
 */
export function hostNames(instance: Instance): HostNames {
  const name = instance.hostname ?? instance.name;
  if (!acceptedName.test(name))
    throw new InvalidInput(
      `${JSON.stringify(name)} cannot be a host name: use 1 to 255 letters, digits, ".", "-" and "_"`,
    );
  if (name.length <= maxHostNameLength) return { Hostname: name, hosts: {} };
  const [label = ''] = name.replace(/^\.+/, '').split('.');
  return { Hostname: label.slice(0, maxLabelLength), hosts: { ExtraHosts: [`${name}:127.0.1.1`] } };
}

/**
 * Types a command into the terminal of an instance. The engine is that of DOCKER_HOST. In a program of your own, import from
 * 'nova-docker-driver'.
 *
 * The port is unauthenticated, as with Nova's libvirt driver: only Nova's proxy (`nova-serialproxy`) may be able to reach the address.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { withExampleHost } from './example-host.js';

// Instances that are spawned with this option have a terminal; those from before have none.
const options = { serialConsole: { address: '127.0.0.1', ports: [10_000, 20_000] } } as const;

await withExampleHost(options, async ({ context, driver, boot, imageThatRuns }) => {
  const instance = await boot('terminal', imageThatRuns('exec sh'));
  const { host, port } = await driver.get_serial_console(context, instance);
  console.log(`the console is at ${host}, port ${port}`);

  const terminal = connect(port, host);
  await once(terminal, 'connect');
  terminal.write('echo "six times seven is $((6 * 7))"\n');
  let shown = '';
  for await (const bytes of terminal.setEncoding('utf8')) {
    shown += String(bytes);
    // The terminal echoes what is typed, so wait for the answer.
    const answer = /six times seven is \d+/.exec(shown);
    if (answer === null) continue;
    console.log(answer[0]);
    break; // closes the connection; the terminal stays as it is for the next user
  }
});

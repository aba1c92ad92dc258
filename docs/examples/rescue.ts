/**
 * Repairs an instance that cannot work any more: rescue boots a container of another image in its place, with the instance's files below
 * `/rescued`; unrescue boots the instance from these files. The engine is that of DOCKER_HOST. In a program of your own, import from
 * 'nova-docker-driver'.
 */
import { power_state } from '../../lib/index.js';
import { withExampleHost } from './example-host.js';

await withExampleHost({}, async ({ context, driver, boot, imageThatRuns, untilPrinted, untilEnded }) => {
  // The program ends at once, because its configuration is wrong.
  const program =
    'echo "mode: $(cat /etc/mode)"; read mode < /etc/mode; [ $mode = right ] && exec sleep 1000';
  const instance = await boot('patient', imageThatRuns(program), {
    injected_files: [['/etc/mode', 'wrong\n']],
  });
  const tell = async (when: string): Promise<void> => {
    const { state } = await driver.get_info(instance);
    console.log(`${when}: ${state === power_state.RUNNING ? 'running' : 'not running'}`);
  };
  await untilPrinted(instance, 'mode: wrong');
  await untilEnded(instance);
  await tell('broken');

  // Nova takes the rescue image that the user names, else the instance's own. This one repairs the file by itself; a person would use
  // the password, the key or the serial console to get in.
  const repair = imageThatRuns('echo right > /rescued/etc/mode; echo repaired; exec sleep 1000');
  await driver.rescue(context, instance, [], repair, { rescue_password: 'secret' });
  await untilPrinted(instance, 'repaired');
  await tell('in rescue');

  await driver.unrescue(context, instance);
  await untilPrinted(instance, 'mode: right');
  await tell('repaired');
});

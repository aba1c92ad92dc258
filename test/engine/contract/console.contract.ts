import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConsoleConnection, Instance } from '../../../interfaces/index.js';
import { power_state, reboot_type } from '../../../interfaces/index.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import { TerminalUser } from '../../support/terminal-user.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** Nova's MAX_CONSOLE_BYTES. */
const longest = 100 * 1024;

/** What instances have printed, with a terminal or without one. */
export function consoleOutputContract(harness: () => Harness): void {
  const printed = async (instance: Instance): Promise<string> =>
    (await harness().driver.get_console_output(harness().context, instance)).replaceAll('\r\n', '\n');

  describe('get_console_output', () => {
    it('has what went to the output and to the errors', async () => {
      const { output } = await harness().run('echo fine; echo broken >&2; echo done; exec sleep 1000');
      expect(output.split(/\r?\n/).sort()).toEqual(['', 'broken', 'done', 'fine']);
    });

    it('has the end of a log of tens of megabytes, whole lines and all', async () => {
      const { instance } = await harness().run(
        'yes "a line like any other, of some sixty characters, to fill it up" | head -c 40000000; echo; seq 1 100; echo done; exec sleep 1000',
      );
      const output = await printed(instance);
      expect(
        output.endsWith(`${Array.from({ length: 100 }, (_, i) => String(i + 1)).join('\n')}\ndone\n`),
      ).toBe(true);
      expect(output.length).toBeGreaterThan(longest / 2);
      expect(output.length).toBeLessThanOrEqual(longest);
    });

    it('has the end of a line that is longer than all that is kept', async () => {
      const { instance } = await harness().run(
        'dd if=/dev/zero bs=1000000 count=20 2>/dev/null | tr "\\000" x; echo done; exec sleep 1000',
      );
      const output = await printed(instance);
      expect(output).toMatch(/^x{100000,}done\n$/);
      expect(output.length).toBeLessThanOrEqual(longest);
    });

    it('does not cut characters in two', async () => {
      const { instance } = await harness().run('yes äöü€ | head -n 40000; echo done; exec sleep 1000');
      const output = await printed(instance);
      expect(Buffer.byteLength(output)).toBeGreaterThan(longest / 3);
      expect(output).not.toContain('\ufffd');
    });

    it('has text between bytes that are none', async () => {
      const { instance } = await harness().run(
        'dd if=/dev/urandom bs=1000 count=300 2>/dev/null; echo; echo done; exec sleep 1000',
      );
      expect((await printed(instance)).endsWith('\ndone\n')).toBe(true);
    });

    it('is empty for an instance that never ran', async () => {
      const instance = await harness().boot({}, { power_on: false });
      expect(await printed(instance)).toBe('');
    });

    it('is still there when the instance does not run', async () => {
      const { driver } = harness();
      const { instance } = await harness().run('echo last words; echo done');
      await eventually(
        'it ends',
        async () => (await driver.get_info(instance)).state === power_state.SHUTDOWN,
      );
      expect(await printed(instance)).toBe('last words\ndone\n');
    });

    it('is not told of an instance that is not there', async () => {
      await expect(printed(newInstance())).rejects.toMatchObject({ name: 'InstanceNotFound' });
    });
  });
}

/** Terminals of instances, for a driver that has serial consoles. */
export function serialConsoleContract(harness: () => Harness): void {
  const users: TerminalUser[] = [];
  afterEach(() => {
    for (const user of users.splice(0)) user.leave();
  });
  const come = async (where: ConsoleConnection): Promise<TerminalUser> => {
    const user = await TerminalUser.at(where);
    users.push(user);
    return user;
  };
  const consoleOf = (instance: Instance): Promise<ConsoleConnection> =>
    harness().driver.get_serial_console(harness().context, instance);
  const bootCommand = async (command: string): Promise<Instance> => {
    const { driver, context, image } = harness();
    const instance = newInstance();
    await driver.spawn(context, instance, newImageMeta(image.id, { os_command_line: command }));
    return instance;
  };
  const remove = (instance: Instance): Promise<void> =>
    harness().driver.destroy(harness().context, instance, []);
  const withInstance = async (
    command: string,
    test: (instance: Instance) => Promise<void>,
  ): Promise<void> => {
    const instance = await bootCommand(command);
    try {
      await test(instance);
    } finally {
      await remove(instance);
    }
  };
  const echo = "sh -c 'stty raw -echo; echo raw; exec cat'";

  describe('get_serial_console', () => {
    it('leads to the terminal of the instance', async () => {
      await withInstance('sh', async (instance) => {
        const where = await consoleOf(instance);
        expect(where).toMatchObject({ internal_access_path: null });
        const user = await come(where);
        user.type('tty; echo $((6 * 7))\n');
        await user.sees('echo $((6 * 7))\r\n');
        await user.sees('/dev/');
        await user.sees('\r\n42\r\n');
      });
    });

    it('tells the same as long as the console is open', async () => {
      await withInstance('sh', async (instance) => {
        const [first, second] = await Promise.all([consoleOf(instance), consoleOf(instance)]);
        expect(second).toEqual(first);
        const user = await come(first);
        expect(await consoleOf(instance)).toEqual(first);
        user.leave();
        expect(await consoleOf(instance)).toEqual(first);
      });
    });

    it('is open to one user at a time, and tells the second one so', async () => {
      await withInstance('sh', async (instance) => {
        const where = await consoleOf(instance);
        const first = await come(where);
        first.type('echo one $((1 + 1))\n');
        await first.sees('one 2');
        const second = await come(where);
        second.type('echo two\n');
        await second.isCutOff();
        expect(second.shown.toString()).toBe('The console is in use.\r\n');
        first.type('echo three $((1 + 3))\n');
        await first.sees('three 4');
        expect(first.shown.includes('two')).toBe(false);
      });
    });

    it('leaves the terminal as it was for the next user', async () => {
      await withInstance('sh', async (instance) => {
        const where = await consoleOf(instance);
        const first = await come(where);
        first.type('left=behind\n');
        await first.sees('left=behind');
        first.socket.end();
        await first.isCutOff();
        const second = await come(where);
        second.type('echo it was $left\n');
        await second.sees('it was behind');
      });
    });

    it('carries all bytes both ways as they are', async () => {
      await withInstance(echo, async (instance) => {
        await eventually('it is raw', async () =>
          (await harness().driver.get_console_output(harness().context, instance)).includes('raw'),
        );
        const user = await come(await consoleOf(instance));
        const all = Buffer.from(Array.from({ length: 256 * 8192 }, (_, i) => (i * 7 + (i >> 8)) % 256));
        user.type(all);
        await eventually('all comes back', () => user.shown.length >= all.length);
        expect(user.shown.equals(all)).toBe(true);
        user.type(Uint8Array.of(0x10));
        await eventually('ctrl-p is an input like any other', () => user.shown.at(-1) === 0x10);
      });
    });

    it('ends for its user, with the last words, when the instance does; the next one has the next run', async () => {
      const { driver, context } = harness();
      await withInstance('sh', async (instance) => {
        const where = await consoleOf(instance);
        const user = await come(where);
        user.type('echo last $((1 + 1)) words; exit\n');
        await user.isCutOff();
        expect(user.shown.toString()).toContain('last 2 words');
        const early = await come(where);
        await early.isCutOff();
        expect(early.shown.toString()).toMatch(/cannot be reached/);
        await driver.reboot(context, instance, [], reboot_type.HARD);
        expect(await consoleOf(instance)).toEqual(where);
        const next = await come(where);
        next.type('echo again $((1 + 1))\n');
        await next.sees('again 2');
      });
    });

    it.each(['destroy', 'power_off'] as const)('is closed by %s, also for who is in', async (verb) => {
      const { driver } = harness();
      const instance = await bootCommand("sh -c 'exec sleep 1000'");
      const where = await consoleOf(instance);
      const user = await come(where);
      user.type('x');
      await user.sees('x');
      await (verb === 'destroy' ? remove(instance) : driver.power_off(instance));
      await user.isCutOff();
      await expect(come(where)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      if (verb === 'power_off') {
        await expect(consoleOf(instance)).rejects.toMatchObject({ name: 'InstanceNotReady' });
        await remove(instance);
      }
      await expect(consoleOf(instance)).rejects.toMatchObject({ name: 'InstanceNotFound' });
    });

    it('is another one after a restart of the driver; the instance goes on', async () => {
      const { host, restart, context } = harness();
      await withInstance('sh', async (instance) => {
        const before = await restart();
        const where = await before.get_serial_console(context, instance);
        const user = await come(where);
        user.type('left=behind\n');
        await user.sees('left=behind');
        await before.cleanup_host(host);
        await user.isCutOff();
        await expect(come(where)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
        const after = await come(await consoleOf(instance));
        after.type('echo it was $left\n');
        await after.sees('it was behind');
      });
    });
  });
}

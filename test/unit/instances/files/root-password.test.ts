import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../../interfaces/index.js';
import { withRootPassword } from '../../../../lib/instances/files/root-password.js';

const shadow = 'daemon:*:1::::::\nroot:*:0:0:99999:7:::\n';

describe('withRootPassword', () => {
  it('sets the password in the line of root, dated today', () => {
    const changed = withRootPassword(shadow, 'sesame');
    const today = Math.floor(Date.now() / 86_400_000);
    expect(changed).toMatch(new RegExp(`^daemon:\\*:1::::::\nroot:\\$6\\$[^:]+:${today}:0:99999:7:::\n$`));
  });

  it('returns undefined without a line for root', () => {
    expect(withRootPassword('daemon:*:1::::::\n', 'sesame')).toBeUndefined();
  });

  it('refuses a password above 512 bytes, whose hashing would block the process', () => {
    expect(withRootPassword(shadow, 'a'.repeat(512))).toBeDefined();
    expect(() => withRootPassword(shadow, 'a'.repeat(513))).toThrow(InvalidInput);
    expect(() => withRootPassword(shadow, 'é'.repeat(257))).toThrow(InvalidInput);
  });
});

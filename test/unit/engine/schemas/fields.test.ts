import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { textIfSet } from '../../../../lib/engine/schemas/fields.js';

describe('textIfSet', () => {
  const schema = z.object({ Address: textIfSet });

  it.each([{}, { Address: '' }, { Address: null }])('reads %j as unset', (answer) => {
    expect(schema.parse(answer).Address).toBeUndefined();
  });

  it('reads a text as it is', () => {
    expect(schema.parse({ Address: '10.77.1.5' })).toEqual({ Address: '10.77.1.5' });
  });

  it('refuses what is no text', () => {
    expect(schema.safeParse({ Address: 1 }).success).toBe(false);
  });
});

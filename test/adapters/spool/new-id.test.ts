// Identifiers: their encoding, their order and their characters.
import { describe, expect, it } from 'vitest';
import { makeIds, newId } from '../../../src/adapters/spool/new-id.ts';

describe('newId', () => {
  const zero = new Uint8Array(10);
  const ones = new Uint8Array(10).fill(255);

  it.each([
    [0, zero, '22222222222222222222222222'],
    [0, ones, '2222222222zzzzzzzzzzzzzzzz'],
    [1, zero, '22222222232222222222222222'],
    [1_790_000_000_000, ones, '23o5472v22zzzzzzzzzzzzzzzz'],
  ])('%d', (now, random, id) => expect(newId(now, random)).toBe(id));

  it('sorts by time', () => {
    const times = [0, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 2 ** 47];
    const ids = times.map((time, n) => newId(time, n % 2 ? zero : ones));
    expect([...ids].sort()).toEqual(ids);
  });

  it('refuses too few random bytes', () => expect(() => newId(0, zero.subarray(1))).toThrow('10 random bytes'));
});

describe('makeIds', () => {
  it('makes distinct identifiers of letters that no mail server changes', () => {
    const make = makeIds();
    const ids = Array.from({ length: 1000 }, () => make(1_700_000_000_000));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[a-z2-7]{26}$/);
  });
});

// The lines of a check.
import { describe, expect, it } from 'vitest';
import { sayLink, sayVerdict } from '../../../src/app/check/say-links.ts';
import { attention, failed, ok, skipped, tryLink } from '../../../src/app/check/link.ts';

describe('a line', () => {
  it('has a mark, a name, what was found and what to do', () => {
    expect(sayLink(ok('caldav', 'it answers'))).toBe('✓ caldav         it answers');
    expect(sayLink(failed('reply MX', 'it has none', 'publish one:', 'x. MX 10 y.'))).toBe(
      '✗ reply MX       it has none\n                 → publish one:\n                 → x. MX 10 y.',
    );
    expect(sayLink(attention('SPF', 'a')).slice(0, 2)).toBe('! ');
    expect(sayLink(skipped('mail', 'b')).slice(0, 2)).toBe('– ');
  });

  it('passes no control character of a server on to the terminal', () => {
    expect(sayLink(failed('x', 'a\u001b[2Jb\r\nc', 'd\u0007e'))).toBe(
      '✗ x              a [2Jb c\n                 → d e',
    );
  });

  it('is made of whatever a check throws', async () => {
    const link = await tryLink('x', () => Promise.reject(new TypeError('odd')), 'mend it');
    expect(link).toEqual({ name: 'x', status: 'failed', said: 'odd', todo: ['mend it'] });
    expect(await tryLink('x', () => Promise.reject('text'))).toMatchObject({ said: 'text' });
  });

  it('ends in a verdict', () => {
    const fine = [ok('a', ''), attention('b', ''), skipped('c', '')];
    expect(sayVerdict(fine)).toBe('The chain holds: 1 ok, 1 to know about, 1 not tried.');
    expect(sayVerdict([...fine, failed('d', '')])).toMatch(/^1 broken: see ✗ above\. /);
  });
});

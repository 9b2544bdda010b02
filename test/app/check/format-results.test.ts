// How results are printed.
import { describe, expect, it } from 'vitest';
import { formatResult, formatSummary } from '../../../src/app/check/format-results.ts';
import { warning, failed, ok, skipped, catchFailure } from '../../../src/app/check/check-result.ts';

describe('a printed result', () => {
  it('has a mark, a name, the finding and what to do', () => {
    expect(formatResult(ok('caldav', 'it answers'))).toBe('✓ caldav         it answers');
    expect(formatResult(failed('reply MX', 'it has none', 'publish one:', 'x. MX 10 y.'))).toBe(
      '✗ reply MX       it has none\n                 → publish one:\n                 → x. MX 10 y.',
    );
    expect(formatResult(warning('SPF', 'a')).slice(0, 2)).toBe('! ');
    expect(formatResult(skipped('mail', 'b')).slice(0, 2)).toBe('– ');
  });

  it('has no control characters', () => {
    expect(formatResult(failed('x', 'a\u001b[2Jb\r\nc', 'd\u0007e'))).toBe(
      '✗ x              a [2Jb c\n                 → d e',
    );
  });

  it('shows the error of a check that throws', async () => {
    const result = await catchFailure('x', () => Promise.reject(new TypeError('odd')), 'fix it');
    expect(result).toEqual({ name: 'x', status: 'failed', finding: 'odd', todo: ['fix it'] });
    expect(await catchFailure('x', () => Promise.reject('text'))).toMatchObject({ finding: 'text' });
  });

  it('is followed by a summary', () => {
    const fine = [ok('a', ''), warning('b', ''), skipped('c', '')];
    expect(formatSummary(fine)).toBe('No check failed: 1 ok, 1 with a warning, 1 skipped.');
    expect(formatSummary([...fine, failed('d', '')])).toMatch(/^1 failed \(see ✗ above\), 1 ok, /);
  });
});

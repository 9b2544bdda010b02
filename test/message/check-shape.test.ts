import { describe, expect, it } from 'vitest';
import { checkShape, MAIL_LIMITS } from '../../src/message/check-shape.ts';

const check = (text: string, limits = {}): string | null =>
  checkShape(Buffer.from(text), { ...MAIL_LIMITS, ...limits });

describe('checkShape', () => {
  it.each([
    ['', null],
    ['A: b\r\n\r\nbody', null],
    ['A: b\n\nbody\n', null],
    ['no line end', null],
  ])('lets %j pass', (text, expected) => expect(check(text)).toBe(expected));

  it('counts octets, lines and header octets, each to its limit', () => {
    expect(check('12345', { octets: 5 })).toBeNull();
    expect(check('123456', { octets: 5 })).toMatch(/larger than 5/);
    expect(check('a\nb\n', { lines: 2 })).toBeNull();
    expect(check('a\nb\nc', { lines: 2 })).toMatch(/more than 2 lines/);
    expect(check('A: b\r\n\r\nbody', { headerOctets: 6 })).toBeNull();
    expect(check('A: bc\r\n\r\nbody', { headerOctets: 6 })).toMatch(/exceed 6/);
  });

  it('counts what follows a line of dashes as header until an empty line', () => {
    const body = '\r\n--b\r\nC: d\r\n\r\ntext that does not count';
    expect(check(`A: b\r\n${body}`, { headerOctets: 17 })).toBeNull();
    expect(check(`A: b\r\n${body}`, { headerOctets: 16 })).toMatch(/exceed/);
  });

  it('takes 30 MB of line feeds, or of one line, in a moment', () => {
    const before = performance.now();
    expect(checkShape(Buffer.alloc(30_000_000, '\n'), MAIL_LIMITS)).toMatch(/lines/);
    expect(checkShape(Buffer.alloc(30_000_000, 'a'), MAIL_LIMITS)).toMatch(/headers/);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

import { describe, expect, it } from 'vitest';
import { memoizeText } from '../../../src/core/ical/memoize-text.ts';

function counted(maxCharacters?: number) {
  const made: string[] = [];
  const of = memoizeText((text) => {
    made.push(text.slice(0, 1));
    return { text };
  }, maxCharacters);
  return { made, of };
}

describe('memoizeText', () => {
  it('computes the result once for equal texts', () => {
    const { made, of } = counted();
    const first = of('abc');
    expect(of(['a', 'b', 'c'].join(''))).toBe(first);
    expect(of('abd')).not.toBe(first);
    expect(made).toEqual(['a', 'a']);
  });

  it('keeps the results of the last eight texts', () => {
    const { made, of } = counted();
    const texts = [...'abcdefghi'];
    for (const text of texts) of(text);
    of('i');
    of('b');
    expect(made).toEqual(texts);
    of('a');
    expect(made).toEqual([...texts, 'a']);
  });

  it('keeps results of at most two million characters of text', () => {
    const { made, of } = counted();
    const [a, b, c] = ['a', 'b', 'c'].map((text) => text.repeat(900_000)) as [string, string, string];
    for (const text of [a, b, b, a, c, a]) of(text);
    expect(made).toEqual(['a', 'b', 'c', 'a']);
    const huge = 'h'.repeat(2_000_001);
    of(huge);
    of(huge);
    expect(made.slice(4)).toEqual(['h', 'h']);
  });

  it('accepts a higher limit', () => {
    const { made, of } = counted(3_000_000);
    const [a, b, c] = ['a', 'b', 'c'].map((text) => text.repeat(900_000)) as [string, string, string];
    for (const text of [a, b, c, a, b, c]) of(text);
    expect(made).toEqual(['a', 'b', 'c']);
  });

  it('throws the error of the function, and calls it again', () => {
    let tries = 0;
    const of = memoizeText(() => {
      tries += 1;
      if (tries === 1) throw new TypeError('no');
      return tries;
    });
    expect(() => of('x')).toThrow('no');
    expect(of('x')).toBe(2);
  });
});

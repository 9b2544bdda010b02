// The iTIP fuzzer, with a new seed each time; FUZZ_SEED repeats one.
import { describe, expect, it } from 'vitest';
import { fullCount } from '../harness/full-counts.ts';
import { fuzzItip } from './itip.ts';

const CASES = fullCount(5_000, 1_500);

describe('mutated calendars', () => {
  it('end in a value or in `calendar-unparseable`', () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
    console.log(`fuzz itip: seed ${seed}`);
    const report = fuzzItip(CASES, seed);
    expect(report.cases).toBe(CASES);
    expect(report.applied).toBeGreaterThan(CASES / 10);
  }, 60_000);
});

import { describe, expect, it } from 'vitest';
import { fuzzItip } from './itip.ts';

describe('mutated calendars', () => {
  it('end in a value or an error that says so', () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
    console.log(`fuzz itip: seed ${seed}`);
    const report = fuzzItip(5000, seed);
    expect(report.cases).toBe(5000);
    expect(report.applied).toBeGreaterThan(500);
  }, 60_000);
});

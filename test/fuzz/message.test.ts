import { describe, expect, it } from 'vitest';
import { fuzzMessages, makeMail } from './message.ts';

// A new seed each day; a failure names the seed of its mail, and `makeMail(seed)` makes it again.
const seed = Math.floor(Date.now() / 86_400_000) * 100_000;

describe('damaged mails', () => {
  it('are made the same from the same seed', () => expect(makeMail(42)).toEqual(makeMail(42)));

  it('never throw, take no time and leave nothing behind', { timeout: 120_000 }, async () => {
    const report = await fuzzMessages(3000, seed);
    console.log('test/fuzz/message: seed', seed, report);
    expect(report.p99).toBeLessThan(100);
    expect(report.heapAfter).toBeLessThan(report.heapBefore + 20);
    // The damage must leave enough alive that the deeper rooms are reached, too.
    expect(report.kinds['answer']).toBeGreaterThan(300);
    expect(report.kinds['unusable']).toBeGreaterThan(100);
  });
});

// Loading, planning and writing a copy: what is written under which ETag, and what happens when another client or the network
// interferes.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import type { CalendarStore, FoundEvent, WriteResult } from '../../../src/flow/ports/calendar-store.ts';
import type { CopyFacts, Stored } from '../../../src/flow/copies/copy.ts';
import { editCopy, type PlannedJob } from '../../../src/flow/copies/edit-copy.ts';
import { done } from '../../../src/flow/queue/plan.ts';
import { alice } from '../flow-kit.ts';
import { event, uid } from '../one-event.ts';

const lost = new GatewayError('caldav-unreachable', 'the connection was lost', { temporary: true });
const refused = new GatewayError('caldav-refused', '507');
const found = (text: string, version: number): FoundEvent => ({
  kind: 'found',
  event: { href: `/cal/${version}.ics`, etag: `"${version}"`, text, lastModified: null },
});
const titled = (title: string): string => event().replace('SUMMARY:Planning', `SUMMARY:${title}`);

const facts = (href: string | null): CopyFacts => ({
  owner: alice,
  uid,
  context: { place: { ownerKey: alice.key, uid, href }, applied: [], mailings: [] },
  batch: [],
  now: 0,
});
/** Plans that can be told apart. */
const plans = (count: number): PlannedJob[] =>
  Array.from({ length: count }, () => ({ job: {} as PlannedJob['job'], plan: { disposition: done } }));

/** A store with these loads, and these results of its writes; the last of each is repeated. */
function open(loads: readonly FoundEvent[], writes: readonly (WriteResult | Error)[] = []) {
  const calls: string[] = [];
  const next = <T>(from: readonly T[], count: number): T => from[Math.min(count, from.length - 1)] as T;
  const store: CalendarStore = {
    async find(_owner, asked, href) {
      calls.push(`find ${href}`);
      expect(asked).toBe(uid);
      return next(loads, calls.filter((call) => call.startsWith('find')).length - 1);
    },
    async write(_owner, { href, etag }, text) {
      const result = next(writes, calls.filter((call) => call.startsWith('write')).length);
      calls.push(`write ${href} ${etag} ${/SUMMARY:(.*)/.exec(text)?.[1]}`);
      if (result instanceof Error) throw result;
      return result;
    },
    close: async () => undefined,
  };
  const planned: Stored['kind'][] = [];
  /** Changes the loaded title to `${title}, edited`. */
  const edit = () =>
    editCopy(store, facts('/cal/known.ics'), async (stored) => {
      planned.push(stored.kind);
      const text = stored.kind === 'loaded' ? stored.text.replace(/SUMMARY:.*/, '$&, edited') : null;
      return { document: text === null ? null : parseEvent(text), planned: plans(planned.length) };
    });
  return { calls, planned, edit };
}

describe('editing a copy', () => {
  it('writes the planned text under the ETag that was loaded', async () => {
    const { calls, edit } = open([found(event(), 1)], [{ kind: 'written', etag: null }]);
    const edited = await edit();
    expect(calls).toEqual(['find /cal/known.ics', 'write /cal/1.ics "1" Planning, edited']);
    expect(edited).toMatchObject({
      written: true,
      href: '/cal/1.ics',
      text: titled('Planning, edited'),
      planned: plans(1),
    });
  });

  it('writes nothing if the text is unchanged, or if nothing is planned', async () => {
    for (const isPlanned of [true, false]) {
      const { calls } = open([]);
      const store = { find: async () => found(event(), 1) } as unknown as CalendarStore;
      const edited = await editCopy(store, facts(null), async () => ({
        document: isPlanned ? parseEvent(event()) : null,
        planned: plans(7),
      }));
      expect(calls).toEqual([]);
      const unchanged = isPlanned ? { text: event(), href: '/cal/1.ics' } : { text: null, href: null };
      expect(edited).toMatchObject({ written: false, planned: plans(7), ...unchanged });
    }
  });

  it('plans again on what another client has written, and keeps only the last plan', async () => {
    const { calls, edit } = open(
      [found(event(), 1), found(titled('Moved'), 2)],
      [{ kind: 'conflict' }, { kind: 'written', etag: null }],
    );
    expect(await edit()).toMatchObject({ text: titled('Moved, edited'), written: true, planned: plans(2) });
    expect(calls.slice(2)).toEqual(['find /cal/known.ics', 'write /cal/2.ics "2" Moved, edited']);
  });

  it('searches for an object that is gone from its place', async () => {
    const { calls, edit } = open(
      [found(event(), 1), found(event(), 2)],
      [{ kind: 'gone' }, { kind: 'conflict' }, { kind: 'written', etag: null }],
    );
    await edit();
    expect(calls.filter((call) => call.startsWith('find'))).toEqual(['find /cal/known.ics', 'find null', 'find null']);
  });

  it('gives up for now after eight conflicts in a row', async () => {
    const { planned, edit } = open([found(event(), 1)], [{ kind: 'conflict' }]);
    await expect(edit()).rejects.toMatchObject({ code: 'caldav-refused', temporary: true });
    expect(planned).toHaveLength(8);
  });

  it('loads again once if the outcome of the PUT is unknown', async () => {
    const arrived = open([found(event(), 1), found(titled('Planning, edited'), 2)], [lost, { kind: 'conflict' }]);
    // The reloaded text is planned again: here it is edited twice.
    await expect(arrived.edit()).rejects.toMatchObject({ code: 'caldav-refused' });
    const again = open([found(event(), 1)], [lost, { kind: 'written', etag: null }]);
    expect(await again.edit()).toMatchObject({ written: true, planned: plans(2) });
    const twice = open([found(event(), 1)], [lost, lost]);
    await expect(twice.edit()).rejects.toBe(lost);
    expect(twice.planned).toHaveLength(2);
  });

  it('does not repeat a PUT that failed for another reason', async () => {
    for (const error of [refused, new TypeError('x')]) {
      const { planned, edit } = open([found(event(), 1)], [error]);
      await expect(edit()).rejects.toBe(error);
      expect(planned).toHaveLength(1);
    }
  });

  it.each([
    { reason: 'unknown-event', load: { kind: 'none' } },
    { reason: 'ambiguous-event', load: { kind: 'ambiguous', hrefs: [] } },
    { reason: 'not-visible', load: { kind: 'not-visible', href: '/cal/1.ics' } },
    { reason: 'event-unusable', load: found('no calendar', 1) },
  ] as { reason: string; load: FoundEvent }[])('plans without an event: $reason', async ({ reason, load }) => {
    const { calls, planned, edit } = open([load]);
    const edited = await edit();
    expect([calls, planned]).toEqual([['find /cal/known.ics'], ['missing']]);
    expect(edited).toMatchObject({ text: null, href: null, written: false, stored: { kind: 'missing', reason } });
  });
});

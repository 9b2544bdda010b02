// What becomes of the work in the database of version 0.1.0 (fixtures/databases/README.md), whatever the back end: the gateway
// of today opens the database, finishes the work, and accepts the decisions and answers behind the links that version
// 0.1.0 mailed. In: how a copy of the database is opened; out: the tests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OldDatabase, type OldGateway, startOnOldDatabase } from './old-database.ts';

const VERSION = '0.1.0';
/** Two days after the fixture ends. */
const STARTED_AT = Date.UTC(2026, 10, 4, 10);

/**
 * Whether the gateway holds for the operator what it cannot read. Otherwise broken JSON stops its lane for good, and any
 * other unreadable body is given up together with the sound tasks of its lane: these tasks are deleted from the copy first.
 */
const HOLDS_UNREADABLE: boolean = true;

/** Task ids of the fixture are words, padded to the 26 characters of an id. */
const idOf = (words: string): string => (/\d/.test(words) ? words : words.replaceAll('-', '').padEnd(26, '2'));

interface Story {
  readonly task: string;
  readonly was: 'waiting' | 'leased' | 'held';
  /** The ledger's entries about the task since the gateway of today was started. */
  readonly own: string;
  /** Those about the tasks that the gateway of today made from the same mail, click or callback, sorted. */
  readonly followed: string;
}

const story = (task: string, was: Story['was'], own: string, followed: string): Story => ({ task, was, own, followed });

const stories: readonly Story[] = [
  story('mail-reply', 'waiting', '', 'applied applied, mailed notice'),
  story('mail-letter', 'waiting', 'forwarded letter', 'mailed forward'),
  story('mail-bounce', 'waiting', '', 'bounced undeliverable, mailed notice'),
  story('mail-counter', 'leased', '', 'decided leave, mailed notice, recorded proposal'),
  story('mail-unproven', 'waiting', '', 'decided ignore, held unauthenticated, mailed notice'),
  story('mail-held', 'held', '', 'applied applied, mailed notice'),
  story('mail-alias', 'waiting', '', 'applied applied, mailed notice'),
  story('mail-duplicate', 'waiting', '', 'ignored duplicate'),
  story('mail-stale', 'waiting', '', 'ignored stale'),
  story('mail-letter-again', 'waiting', 'ignored forwarded-before', ''),
  story('mail-bounce-again', 'waiting', 'ignored reported-before', ''),

  story('answer-waiting', 'waiting', 'applied applied', 'mailed notice'),
  story('answer-leased', 'leased', 'applied applied', 'mailed notice'),
  story('answer-occurrence', 'waiting', 'applied applied', 'mailed notice'),
  story('answer-beside', 'waiting', 'applied applied', 'mailed notice'),
  story('answer-away', 'waiting', 'applied applied', 'mailed notice'),
  story('answer-missing', 'waiting', 'applied applied', 'mailed notice'),
  story('answer-approved', 'waiting', 'applied applied', 'mailed notice'),
  story(
    'answer-unproven',
    'waiting',
    'held unauthenticated, decided alias, applied applied',
    'mailed notice, mailed notice',
  ),
  story('answer-held', 'held', 'decided once, applied applied', 'mailed notice'),
  story('answer-elsewhere', 'held', 'decided once, applied applied', 'mailed notice'),
  story('answer-operator', 'held', 'applied applied', 'mailed notice, mailed notice'),
  story('answer-delegated', 'waiting', 'applied applied', 'decided leave, held delegation, mailed notice'),
  story('held-beside', 'held', 'decided once, applied applied', 'mailed notice'),
  story('held-notice-answer', 'held', 'decided alias, applied applied', 'mailed notice, mailed notice'),
  story('together-f-answer', 'held', 'decided ignore', 'mailed notice'),

  // 0.1.0 did not store when an answered event was, so its answers are not put back.
  story('verify-1c4e7f101551349774b74236-448405200', 'waiting', '', ''),
  story('digest-verify', 'waiting', '', ''),
  story('delegation-waiting-verify', 'waiting', '', ''),
  story('delegation-held-verify', 'waiting', '', ''),
  story('delegation-approved-verify', 'waiting', '', ''),

  story('proposal-waiting', 'waiting', 'recorded proposal, decided decline', 'mailed decline, mailed notice'),
  story('proposal-held', 'held', 'decided decline', 'mailed decline'),
  story('proposal-unproven', 'held', 'decided once, recorded proposal, decided leave', 'mailed notice'),
  story('proposal-declined', 'waiting', '', 'mailed decline'),

  story('delegation-waiting', 'waiting', 'held delegation, decided leave', 'mailed notice'),
  story('delegation-held', 'held', 'decided add, applied delegate-added', 'mailed invitation'),
  story('delegation-approved', 'waiting', 'applied delegate-added', 'mailed invitation'),

  story('refresh-waiting', 'waiting', 'recorded refresh', 'mailed update'),
  story('lost-waiting', 'waiting', 'bounced undeliverable', 'mailed notice'),
  story('notice-digest', 'waiting', '', 'mailed notice'),
  story('notice-not-entered', 'waiting', '', 'mailed notice, mailed notice'),
  story('held-notice', 'waiting', '', 'mailed notice, mailed notice'),
  story('held-notice-together', 'waiting', 'recorded asked-together', 'mailed notice'),

  story('invite-request', 'waiting', '', 'mailed invitation'),
  story('invite-leased', 'leased', '', 'mailed invitation'),
  story('invite-operator', 'held', '', 'mailed invitation'),
  story('invite-quota', 'waiting', '', 'mailed invitation'),
  story('invite-update', 'waiting', '', 'mailed update'),
  story('invite-behind', 'waiting', '', 'mailed update'),
  story('invite-again', 'waiting', '', 'mailed update'),
  story('invite-cancel', 'waiting', '', 'mailed cancel'),
  story('invite-declinecounter', 'waiting', '', 'mailed decline'),
  story('invite-reply', 'waiting', '', 'mailed reply'),
  story('invite-reply-same', 'waiting', 'not-mailed nothing-new', ''),
  story('invite-same', 'waiting', 'not-mailed nothing-new', ''),
  story('invite-suppressed', 'waiting', 'not-mailed suppressed', ''),

  story('out-invitation', 'waiting', 'mailed invitation', ''),
  story('out-leased', 'leased', 'mailed invitation', ''),
  story('out-tried', 'waiting', 'mailed invitation', ''),
  story('out-update', 'waiting', 'mailed update', ''),
  story('out-forward', 'waiting', 'mailed forward', ''),
  story('out-operator', 'held', 'mailed forward', ''),
  story('out-refused', 'waiting', 'not-mailed refused-by-relay', 'bounced undeliverable, mailed notice'),
  story('answer-held-ask', 'waiting', 'mailed notice', 'mailed notice'),
  story('answer-elsewhere-ask', 'waiting', 'mailed notice', 'mailed notice'),
  story('proposal-held-ask', 'waiting', 'mailed notice', 'mailed decline'),
  story('proposal-unproven-ask', 'waiting', 'mailed notice', 'mailed notice'),
  story('delegation-held-ask', 'waiting', 'mailed notice', 'mailed invitation'),
  story('held-unreadable-ask', 'waiting', 'mailed notice', ''),
  story('quota-1559b734b30c21e66de22d56', 'waiting', 'mailed notice', 'mailed invitation'),
];

/** Tasks whose body was damaged, and what the operator reads about them. */
const unreadable: readonly (readonly [task: string, why: string])[] = [
  ['mail-broken', 'JSON'],
  ['broken-json', 'JSON'],
  ['missing-field', 'answer.attendee'],
  ['unknown-kind', 'hologram'],
  ['damaged-beside', 'answer.occurrence'],
  ['invite-damaged', 'to'],
  ['out-damaged', 'rcptTo'],
];
/** Its body says `"version": 999`. */
const NEWER = 'newer-version';
/** Damaged while it was held, under the same key as `held-beside`. */
const HELD_UNREADABLE = 'held-unreadable';
const damaged = [...unreadable.map(([task]) => task), NEWER, HELD_UNREADABLE];

/** A part of the hold key in the link of a notice, and what the organizer decides behind that link. */
const decisions: readonly (readonly [key: string, choice: string])[] = [
  ['assistant-held@', 'once'],
  ['assistant-shared@', 'once'],
  ['assistant-proposal@', 'once'],
  ['bob@example.com bob@example.com', 'once'],
  ['bob@home.test', 'alias'],
  ['assistant-notice@', 'alias'],
  ['mallory@', 'ignore'],
  ['stranger-f@', 'ignore'],
  ['proposal-held@', 'decline'],
  ['proposal-waiting@', 'decline'],
  ['proposal-unproven@', 'leave'],
  ['mail-counter@', 'leave'],
  ['delegation-held@', 'add'],
  ['delegation-waiting@', 'leave'],
  ['answer-delegated@', 'leave'],
];

/** Mails with a calendar part: recipient, METHOD, event. */
const calendarMails = [
  'Bob@example.com REQUEST invite-request',
  'bob@example.com CANCEL invite-cancel',
  'bob@example.com DECLINECOUNTER proposal-answered',
  'bob@example.com DECLINECOUNTER proposal-declined',
  'bob@example.com DECLINECOUNTER proposal-held',
  'bob@example.com DECLINECOUNTER proposal-waiting',
  'bob@example.com REQUEST invite-update',
  'bob@example.com REQUEST out-tried',
  'bob@example.com REQUEST refresh-done',
  'bob@example.com REQUEST refresh-waiting',
  'bob@example.com REQUEST verify',
  'carol@example.com REQUEST invite-damaged',
  'carol@example.com REQUEST invite-leased',
  'carol@example.com REQUEST invite-operator',
  'carol@example.com REQUEST out-invitation',
  'carol@example.com REQUEST out-leased',
  'erin@example.com REQUEST delegation-approved',
  'erin@example.com REQUEST delegation-held',
  'hugo@example.com REQUEST hugo',
  'olivia@other.test REPLY outside',
];

/** An attendee's line in the organizer's copy at the end. */
const lines: readonly (readonly [event: string, attendee: string, says: string])[] = [
  ['mail-reply', 'bob', 'PARTSTAT=ACCEPTED'],
  ['mail-held', 'bob', 'PARTSTAT=TENTATIVE'],
  ['mail-unproven', 'bob', 'PARTSTAT=NEEDS-ACTION'],
  ['mail-counter', 'bob', 'PARTSTAT=NEEDS-ACTION'],
  ['planning', 'carol', 'PARTSTAT=TENTATIVE'],
  ['mail-bounce', 'dave', 'SCHEDULE-STATUS="?5.1'],
  ['answer-waiting', 'bob', 'PARTSTAT=ACCEPTED'],
  ['answer-leased', 'bob', 'PARTSTAT=DECLINED'],
  ['answer-occurrence', 'bob', 'PARTSTAT=TENTATIVE'],
  ['answer-away', 'bob', 'PARTSTAT=TENTATIVE'],
  ['answer-missing', 'bob', 'PARTSTAT=ACCEPTED'],
  ['answer-approved', 'bob', 'PARTSTAT=DECLINED'],
  ['answer-unproven', 'bob', 'PARTSTAT=ACCEPTED'],
  ['answer-held', 'bob', 'PARTSTAT=ACCEPTED'],
  ['answer-elsewhere', 'bob', 'PARTSTAT=TENTATIVE'],
  ['answer-operator', 'bob', 'PARTSTAT=ACCEPTED'],
  ['answer-delegated', 'bob', 'PARTSTAT=DELEGATED'],
  ['beside', 'bob', 'PARTSTAT=ACCEPTED'],
  ['unreadable', 'bob', 'PARTSTAT=ACCEPTED'],
  ['held-notice', 'bob', 'PARTSTAT=ACCEPTED'],
  ['verify', 'bob', 'PARTSTAT=NEEDS-ACTION'],
  ['delegation-held', 'erin', 'PARTSTAT=NEEDS-ACTION'],
  ['delegation-approved', 'erin', 'PARTSTAT=NEEDS-ACTION'],
  ['lost-waiting', 'gone', 'SCHEDULE-STATUS="?5.1'],
  ['out-refused', 'frank', 'SCHEDULE-STATUS="?5.1'],
  // By the link in the mail that version 0.1.0 composed.
  ['out-invitation', 'carol', 'PARTSTAT=ACCEPTED'],
];

interface Row {
  readonly id: string;
  readonly state: string;
  readonly leased: number | string | null;
  readonly body: string;
}

export function describeOldDatabase(backEnd: string, open: (version: string) => Promise<OldDatabase>): void {
  describe(`the ${backEnd} database of version 0.1.0 is opened and worked off`, () => {
    let database: OldDatabase;
    let gateway: OldGateway;
    let before: Row[];
    let after: ReadonlyMap<string, Row & { readonly hold_key: string | null }>;
    const decided: string[] = [];
    let answered = '';
    const retried: string[] = [];

    beforeAll(async () => {
      database = await open(VERSION);
      if (!HOLDS_UNREADABLE) await takeOut(database, damaged.map(idOf));
      before = await database.rows<Row>(
        `select id, state, leased, body from task left join lane on lane.queue = task.queue and lane.name = task.lane
         where state <> 'done'`,
      );
      const setting = { startedAt: STARTED_AT, refused: ['frank@example.com'], notWaitedFor: [idOf(NEWER)] };
      gateway = await startOnOldDatabase(VERSION, database, setting);
      await gateway.settle();
      answered = await answerByLink(gateway);
      await decideAll(gateway, decided);
      for (const task of ['answer-operator', 'mail-held', 'invite-operator', 'out-operator']) {
        retried.push(await gateway.retry(idOf(task)));
      }
      await gateway.settle();
      const rows = await database.rows<Row & { hold_key: string | null }>('select id, state, body, hold_key from task');
      after = new Map(rows.map((row) => [row.id, row]));
    });
    afterAll(() => gateway?.close());

    it('has no task but those of this table', () => {
      const states = before.map(
        ({ id, state, leased }) => `${id} ${state === 'waiting' && Number(leased) ? 'leased' : state}`,
      );
      const known = stories.map(({ task, was }) => `${idOf(task)} ${was}`);
      const left = HOLDS_UNREADABLE
        ? damaged.map((task) => `${idOf(task)} ${task === HELD_UNREADABLE ? 'held' : 'waiting'}`)
        : [];
      expect(states.sort()).toEqual([...known, ...left].sort());
    });

    it.each(stories)('$was: $task', async ({ task, own, followed }) => {
      const id = idOf(task);
      expect(after.get(id)?.state).toBe('done');
      const old = new Map(before.map((row) => [row.id, row]));
      const { origin } = JSON.parse(old.get(id)?.body ?? '{}') as { origin?: { recordId: string } };
      const record = origin?.recordId ?? id;
      const entries = (await gateway.entries(record))
        // Another try is no outcome: a busy machine may need one.
        .filter(({ at, verdict, recordId }) => at >= STARTED_AT && verdict !== 'retried' && recordId === record)
        .map(({ taskId, verdict, reason }) => ({ taskId, text: `${verdict} ${reason}` }));
      const textsOf = (fits: (taskId: string) => boolean): string[] =>
        entries.filter(({ taskId }) => fits(taskId)).map(({ text }) => text);
      expect(textsOf((taskId) => taskId === id).join(', ')).toBe(own);
      expect(
        textsOf((taskId) => !old.has(taskId))
          .sort()
          .join(', '),
      ).toBe(followed);
    });

    it('leaves nothing that waits or is held', () => {
      const kept = [...after.values()].filter(({ state }) => state !== 'done').map(({ id }) => id);
      expect(kept.sort()).toEqual(HOLDS_UNREADABLE ? damaged.map(idOf).sort() : []);
    });

    it('reports no error', () => {
      const others = gateway.errors.filter((line) => !damaged.some((task) => line.includes(idOf(task))));
      expect(others).toEqual([]);
    });

    it('asks each question once, and accepts the decision behind its link', () => {
      expect(decided.toSorted()).toEqual(decisions.map(([key, choice]) => `${key} ./${choice}`).sort());
    });

    it('accepts an answer by a link of version 0.1.0', () => {
      expect(answered).toBe('./recorded?answer=accepted');
    });

    it('works again what the operator held', () => {
      expect(retried).toEqual(['changed', 'changed', 'changed', 'changed']);
    });

    it('mails each calendar part once', async () => {
      const mails = await gateway.mails();
      const sent = mails.flatMap(({ to, calendar }) =>
        calendar === null ? [] : [`${to} ${calendar.method} ${calendar.uid.split('@')[0]}`],
      );
      expect(sent.sort()).toEqual(calendarMails.toSorted());
      expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length);
    });

    it.each(lines)('enters into %s that %s has %s', (event, attendee, says) => {
      const line = new RegExp(`^ATTENDEE(?=[^\\r\\n]*;${says})[^\\r\\n]*:mailto:${attendee}@example\\.com\\r?$`, 'm');
      expect(gateway.event(`/calendars/alice@example.com/default/${event}@example.com.ics`)).toMatch(line);
    });

    describe.skipIf(!HOLDS_UNREADABLE)('what cannot be read', () => {
      it.each(unreadable)('%s is held for the operator, who reads %s', async (task, why) => {
        const id = idOf(task);
        expect(after.get(id)).toMatchObject({ state: 'held', hold_key: `operator:${id}` });
        const entry = (await gateway.entries(id)).findLast(({ verdict }) => verdict === 'held');
        expect(entry?.detail).toContain(why);
      });

      it('is kept as it was, also if a later version wrote it or a decision was about it', () => {
        for (const task of damaged) {
          const was = before.find(({ id }) => id === idOf(task));
          expect(after.get(idOf(task))?.body, task).toBe(was?.body);
        }
        expect(after.get(idOf(NEWER))?.state).toBe('waiting');
      });
    });
  });
}

async function takeOut(database: OldDatabase, ids: readonly string[]): Promise<void> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  await database.rows(`delete from task_raw where task in (select seq from task where id in (${list}))`);
  await database.rows(`delete from task where id in (${list})`);
}

/** Clicks on "accept" in the invitation that waited in the queue `outgoing`. */
async function answerByLink(gateway: OldGateway): Promise<string> {
  const mail = (await gateway.mails()).find(({ calendar }) => calendar?.uid === 'out-invitation@example.com');
  const token = /\/rsvp\/\?token=([^&\s]+)/.exec(mail?.text ?? '')?.[1] ?? '';
  const form = { token: decodeURIComponent(token), action: 'accepted', sequence: '0' };
  return gateway.submit('/rsvp/', form);
}

/** Decides behind every link that comes by mail, until none comes any more. Adds to `decided` what was decided. */
async function decideAll(gateway: OldGateway, decided: string[]): Promise<void> {
  const seen = new Set<string>();
  for (;;) {
    const texts = (await gateway.mails()).map(({ text }) => text).join('\n');
    const tokens = [...texts.matchAll(/\/decide\/\?token=([\w.%-]+)/g)].map(([, token]) =>
      decodeURIComponent(token ?? ''),
    );
    const fresh = [...new Set(tokens)].filter((token) => !seen.has(token));
    if (fresh.length === 0) return;
    for (const token of fresh) {
      seen.add(token);
      const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url')
        .toString()
        .replaceAll('\\u001f', ' ');
      const [key, choice] = decisions.find(([part]) => claims.includes(part)) ?? [claims, 'ignore'];
      decided.push(`${key} ${await gateway.submit('/decide/', { token, choice })}`);
    }
    await gateway.settle();
  }
}

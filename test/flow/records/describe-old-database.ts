// The database of version 0.1.0 (fixtures/databases/README.md) in either back end: this gateway opens it, finishes its
// tasks, and accepts decisions and answers by the links that version 0.1.0 mailed. In: a function that opens a copy of
// the database; out: the tests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OldDatabase, type OldGateway, startOnOldDatabase } from './old-database.ts';

const VERSION = '0.1.0';
/** Two days after the fixture ends. */
const STARTED_AT = Date.UTC(2026, 10, 4, 10);

/** The task ids of the fixture are words, padded to the 26 characters of an id. */
const idOf = (words: string): string => (/\d/.test(words) ? words : words.replaceAll('-', '').padEnd(26, '2'));

interface OldTask {
  readonly task: string;
  readonly was: 'waiting' | 'leased' | 'held';
  /** The ledger entries that this gateway wrote about the task, in order. */
  readonly own: string;
  /** Those about the tasks that this gateway added for the same record, sorted. */
  readonly added: string;
}

const old = (task: string, was: OldTask['was'], own: string, added: string): OldTask => ({ task, was, own, added });

const oldTasks: readonly OldTask[] = [
  old('mail-reply', 'waiting', '', 'applied applied, mailed notice'),
  old('mail-letter', 'waiting', 'forwarded letter', 'mailed forward'),
  old('mail-bounce', 'waiting', '', 'bounced undeliverable, mailed notice'),
  old('mail-counter', 'leased', '', 'decided leave, mailed notice, recorded proposal'),
  old('mail-unproven', 'waiting', '', 'decided ignore, held unauthenticated, mailed notice'),
  old('mail-held', 'held', '', 'applied applied, mailed notice'),
  old('mail-alias', 'waiting', '', 'applied applied, mailed notice'),
  old('mail-duplicate', 'waiting', '', 'ignored duplicate'),
  old('mail-stale', 'waiting', '', 'ignored stale'),
  old('mail-letter-again', 'waiting', 'ignored forwarded-before', ''),
  old('mail-bounce-again', 'waiting', 'ignored reported-before', ''),

  old('answer-waiting', 'waiting', 'applied applied', 'mailed notice'),
  old('answer-leased', 'leased', 'applied applied', 'mailed notice'),
  old('answer-occurrence', 'waiting', 'applied applied', 'mailed notice'),
  old('answer-beside', 'waiting', 'applied applied', 'mailed notice'),
  old('answer-away', 'waiting', 'applied applied', 'mailed notice'),
  old('answer-missing', 'waiting', 'applied applied', 'mailed notice'),
  old('answer-approved', 'waiting', 'applied applied', 'mailed notice'),
  old(
    'answer-unproven',
    'waiting',
    'held unauthenticated, decided alias, applied applied',
    'mailed notice, mailed notice',
  ),
  old('answer-held', 'held', 'decided once, applied applied', 'mailed notice'),
  old('answer-elsewhere', 'held', 'decided once, applied applied', 'mailed notice'),
  old('answer-operator', 'held', 'applied applied', 'mailed notice, mailed notice'),
  old('answer-delegated', 'waiting', 'applied applied', 'decided leave, held delegation, mailed notice'),
  old('held-beside', 'held', 'decided once, applied applied', 'mailed notice'),
  old('held-notice-answer', 'held', 'decided alias, applied applied', 'mailed notice, mailed notice'),
  old('together-f-answer', 'held', 'decided ignore', 'mailed notice'),

  // Version 0.1.0 did not store the time of an answered event, so its answers are not applied again.
  old('verify-1c4e7f101551349774b74236-448405200', 'waiting', '', ''),
  old('digest-verify', 'waiting', '', ''),
  old('delegation-waiting-verify', 'waiting', '', ''),
  old('delegation-held-verify', 'waiting', '', ''),
  old('delegation-approved-verify', 'waiting', '', ''),

  old('proposal-waiting', 'waiting', 'recorded proposal, decided decline', 'mailed decline, mailed notice'),
  old('proposal-held', 'held', 'decided decline', 'mailed decline'),
  old('proposal-unproven', 'held', 'decided once, recorded proposal, decided leave', 'mailed notice'),
  old('proposal-declined', 'waiting', '', 'mailed decline'),

  old('delegation-waiting', 'waiting', 'held delegation, decided leave', 'mailed notice'),
  old('delegation-held', 'held', 'decided add, applied delegate-added', 'mailed invitation'),
  old('delegation-approved', 'waiting', 'applied delegate-added', 'mailed invitation'),

  old('refresh-waiting', 'waiting', 'recorded refresh', 'mailed refresh'),
  old('lost-waiting', 'waiting', 'bounced undeliverable', 'mailed notice'),
  old('notice-digest', 'waiting', '', 'mailed notice'),
  old('notice-not-entered', 'waiting', '', 'mailed notice, mailed notice'),
  old('held-notice', 'waiting', '', 'mailed notice, mailed notice'),
  old('held-notice-together', 'waiting', 'recorded asked-together', 'mailed notice'),

  old('invite-request', 'waiting', '', 'mailed invitation'),
  old('invite-leased', 'leased', '', 'mailed invitation'),
  old('invite-operator', 'held', '', 'mailed invitation'),
  old('invite-quota', 'waiting', '', 'mailed invitation'),
  old('invite-update', 'waiting', '', 'mailed update'),
  old('invite-behind', 'waiting', '', 'mailed update'),
  old('invite-again', 'waiting', '', 'mailed refresh'),
  old('invite-cancel', 'waiting', '', 'mailed cancel'),
  old('invite-declinecounter', 'waiting', '', 'mailed decline'),
  old('invite-reply', 'waiting', '', 'mailed reply'),
  // The same answer was mailed more than an hour before.
  old('invite-reply-same', 'waiting', '', 'mailed reply'),
  old('invite-same', 'waiting', 'not-mailed nothing-new', ''),
  old('invite-suppressed', 'waiting', 'not-mailed suppressed', ''),

  old('out-invitation', 'waiting', 'mailed invitation', ''),
  old('out-leased', 'leased', 'mailed invitation', ''),
  old('out-tried', 'waiting', 'mailed invitation', ''),
  old('out-update', 'waiting', 'mailed update', ''),
  old('out-forward', 'waiting', 'mailed forward', ''),
  old('out-operator', 'held', 'mailed forward', ''),
  old('out-refused', 'waiting', 'not-mailed refused-by-relay', 'bounced undeliverable, mailed notice'),
  old('answer-held-ask', 'waiting', 'mailed notice', 'mailed notice'),
  old('answer-elsewhere-ask', 'waiting', 'mailed notice', 'mailed notice'),
  old('proposal-held-ask', 'waiting', 'mailed notice', 'mailed decline'),
  old('proposal-unproven-ask', 'waiting', 'mailed notice', 'mailed notice'),
  old('delegation-held-ask', 'waiting', 'mailed notice', 'mailed invitation'),
  old('held-unreadable-ask', 'waiting', 'mailed notice', ''),
  old('quota-1559b734b30c21e66de22d56', 'waiting', 'mailed notice', 'mailed invitation'),
];

/** Tasks with a damaged body, and a part of the ledger entry about each. */
const unreadable: readonly (readonly [task: string, why: string])[] = [
  ['mail-broken', 'JSON'],
  ['broken-json', 'JSON'],
  ['missing-field', 'answer.attendee'],
  ['unknown-kind', 'hologram'],
  ['damaged-beside', 'answer.occurrence'],
  ['invite-damaged', 'to'],
  ['out-damaged', 'rcptTo'],
];
/** Its body has `"version": 999`. */
const NEWER = 'newer-version';
/** Held under the same key as `held-beside`, with a damaged body. */
const HELD_UNREADABLE = 'held-unreadable';
const damaged = [...unreadable.map(([task]) => task), NEWER, HELD_UNREADABLE];

/** A part of the hold key in the link of a question, and the organizer's choice. */
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
  'olivia@other.test REPLY outside',
];

/** A parameter of an attendee in the organizer's copy at the end. */
const parameters: readonly (readonly [event: string, attendee: string, parameter: string])[] = [
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
  // By the RSVP link in a mail that version 0.1.0 composed.
  ['out-invitation', 'carol', 'PARTSTAT=ACCEPTED'],
];

interface Row {
  readonly id: string;
  readonly state: string;
  readonly leased: number | string | null;
  readonly body: string;
}

export function describeOldDatabase(backEnd: string, open: (version: string) => Promise<OldDatabase>): void {
  describe(`the ${backEnd} database of version 0.1.0 is opened and its tasks are finished`, () => {
    let database: OldDatabase;
    let gateway: OldGateway;
    let before: Row[];
    let after: ReadonlyMap<string, Row & { readonly hold_key: string | null }>;
    const decided: string[] = [];
    let answered = '';
    const retried: string[] = [];

    beforeAll(async () => {
      database = await open(VERSION);
      before = await database.rows<Row>(
        `select id, state, leased, body from task left join lane on lane.queue = task.queue and lane.name = task.lane
         where state <> 'done'`,
      );
      const setting = { startedAt: STARTED_AT, refused: ['frank@example.com'], ignored: [idOf(NEWER)] };
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

    it('has exactly the tasks of this table', () => {
      const states = before.map(
        ({ id, state, leased }) => `${id} ${state === 'waiting' && Number(leased) ? 'leased' : state}`,
      );
      const readable = oldTasks.map(({ task, was }) => `${idOf(task)} ${was}`);
      const others = damaged.map((task) => `${idOf(task)} ${task === HELD_UNREADABLE ? 'held' : 'waiting'}`);
      expect(states.sort()).toEqual([...readable, ...others].sort());
    });

    it('treats its mails as stamped when they were mailed, with the SEQUENCEs of their calendars', async () => {
      const rows = await database.rows<{ mailed: unknown; stamped: unknown; raised: unknown }>(
        `select mailed_at as mailed, stamped_at as stamped, raised from mailing where mailed_at < ${STARTED_AT}`,
      );
      expect(rows.length).toBeGreaterThan(0);
      expect(rows).toEqual(rows.map(({ mailed }) => ({ mailed, stamped: mailed, raised: null })));
    });

    it.each(oldTasks)('finishes $task, which was $was', async ({ task, own, added }) => {
      const id = idOf(task);
      expect(after.get(id)?.state).toBe('done');
      const rows = new Map(before.map((row) => [row.id, row]));
      const { origin } = JSON.parse(rows.get(id)?.body ?? '{}') as { origin?: { recordId: string } };
      const record = origin?.recordId ?? id;
      const entries = (await gateway.entries(record))
        // Retries depend on the load of the machine.
        .filter(({ at, verdict, recordId }) => at >= STARTED_AT && verdict !== 'retried' && recordId === record)
        .map(({ taskId, verdict, reason }) => ({ taskId, text: `${verdict} ${reason}` }));
      const textsOf = (fits: (taskId: string) => boolean): string[] =>
        entries.filter(({ taskId }) => fits(taskId)).map(({ text }) => text);
      expect(textsOf((taskId) => taskId === id).join(', ')).toBe(own);
      expect(
        textsOf((taskId) => !rows.has(taskId))
          .sort()
          .join(', '),
      ).toBe(added);
    });

    it('leaves no readable task waiting or held', () => {
      const kept = [...after.values()].filter(({ state }) => state !== 'done').map(({ id }) => id);
      expect(kept.sort()).toEqual(damaged.map(idOf).sort());
    });

    it('logs no error', () => {
      const others = gateway.errors.filter((line) => !damaged.some((task) => line.includes(idOf(task))));
      expect(others).toEqual([]);
    });

    it('mails each question once and accepts the decision', () => {
      expect(decided.toSorted()).toEqual(decisions.map(([key, choice]) => `${key} ./${choice}`).sort());
    });

    it('accepts an answer by an RSVP link of version 0.1.0', () => {
      expect(answered).toBe('./recorded?answer=accepted');
    });

    it('processes tasks that the operator retries', () => {
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

    it.each(parameters)('writes into the event %s that %s has %s', (event, attendee, parameter) => {
      const line = new RegExp(
        `^ATTENDEE(?=[^\\r\\n]*;${parameter})[^\\r\\n]*:mailto:${attendee}@example\\.com\\r?$`,
        'm',
      );
      expect(gateway.event(`/calendars/alice@example.com/default/${event}@example.com.ics`)).toMatch(line);
    });

    describe('an unreadable task', () => {
      it.each(unreadable)('%s is held for the operator with an entry that contains %s', async (task, why) => {
        const id = idOf(task);
        expect(after.get(id)).toMatchObject({ state: 'held', hold_key: `operator:${id}` });
        const entry = (await gateway.entries(id)).findLast(({ verdict }) => verdict === 'held');
        expect(entry?.detail).toContain(why);
      });

      it('keeps its body, even if a newer version wrote it or a decision covers it', () => {
        for (const task of damaged) {
          const was = before.find(({ id }) => id === idOf(task));
          expect(after.get(idOf(task))?.body, task).toBe(was?.body);
        }
        expect(after.get(idOf(NEWER))?.state).toBe('waiting');
      });
    });
  });
}

/** Accepts the invitation that waited in the queue `outgoing`, by its link. */
async function answerByLink(gateway: OldGateway): Promise<string> {
  const mail = (await gateway.mails()).find(({ calendar }) => calendar?.uid === 'out-invitation@example.com');
  const token = /\/rsvp\/\?token=([^&\s]+)/.exec(mail?.text ?? '')?.[1] ?? '';
  const form = { token: decodeURIComponent(token), action: 'accepted', sequence: '0' };
  return gateway.submit('/rsvp/', form);
}

/** Submits a decision for every link in the mails until no new ones are mailed. Adds each decision to `decided`. */
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

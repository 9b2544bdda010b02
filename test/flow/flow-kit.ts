// The flow with a real spool, a calendar and a relay in memory, and a clock that the test sets. Nothing runs in the
// background: `settle` processes the queues until no task is due.
import { simpleParser } from 'mailparser';
import {
  type CalendarStore,
  type FoundEvent,
  WriteRefused,
  type WriteResult,
} from '../../src/flow/ports/calendar-store.ts';
import { compileTemplates } from '../../src/core/compose/templates.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { decisionLinks } from '../../src/flow/questions/decision-link.ts';
import { interpretIncoming } from '../../src/flow/inbound/interpret-incoming.ts';
import { deliver } from '../../src/flow/outbound/deliver.ts';
import { notifyOrganizer } from '../../src/flow/questions/notify-organizer.ts';
import { makeOutcomes } from '../../src/flow/queue/outcomes.ts';
import { openOutgoingMails } from '../../src/flow/outbound/outgoing-mail.ts';
import { readTemplates } from '../../src/app/config/read-templates.ts';
import { receiveCallback, receiveMail, receiveWebAnswer } from '../../src/flow/inbound/receive.ts';
import { submitOutgoing } from '../../src/flow/outbound/submit-outgoing.ts';
import { waitForQuota } from '../../src/flow/outbound/wait-for-quota.ts';
import { notifyNotWritten } from '../../src/flow/questions/notify-not-written.ts';
import { afterFailure } from '../../src/flow/queue/after-failure.ts';
import { askOwner } from '../../src/flow/questions/ask-owner.ts';
import { processCopy } from '../../src/flow/copies/process-copy.ts';
import { changesOf, type LaneHandler, type LanePlan } from '../../src/flow/queue/plan.ts';
import { readBatch } from '../../src/flow/queue/read-batch.ts';
import { type AnyRecord, type Kind, type KindIn, recordTask } from '../../src/flow/records/records.ts';
import type { SenderEvidence } from '../../src/core/message/sender-evidence.ts';
import { calendarAddress } from '../../src/core/ical/calendar-address.ts';
import type { CalendarAddress, Partstat } from '../../src/core/ical/types.ts';
import { openLog } from '../../src/app/log.ts';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';
import type { ReceivedMail } from '../../src/core/message/types.ts';
import { parseKeyRing } from '../../src/core/signing/keys.ts';
import { readDecisionToken } from '../../src/core/signing/token.ts';
import type { DecisionClaims } from '../../src/core/signing/types.ts';
import { makeIds } from '../../src/adapters/spool/new-id.ts';
import type { Batch, Changes, NewEntry, QueueName } from '../../src/flow/ports/spool.ts';
import type { OutgoingMail, SubmissionVerdict } from '../../src/flow/ports/submission.ts';
import { acquireSpool, recurrence, releaseSpool } from './shared-spool.ts';

export const alice = address('alice@example.com');
export const bob = address('bob@remote.test');
export const carol = address('carol@remote.test');
export const dave = address('dave@elsewhere.test');
export const REPLY_DOMAIN = 'reply.example.com';
const keys = parseKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`);

export function address(text: string): CalendarAddress {
  const read = calendarAddress(text);
  if (read === null) throw new TypeError(text);
  return read;
}

/** Events by UID, with a version number as ETag. */
export class MemoryCalendar implements CalendarStore {
  readonly events = new Map<string, { text: string; version: number }>();
  finds = 0;
  writes = 0;
  isDown = false;
  /** `find` reports the events as not visible. */
  hidden = false;
  /** Called before each write. The caller gets its result unless it is null; `lost` writes, then fails. */
  onWrite: ((uid: string, text: string) => WriteResult | 'lost' | null) | null = null;

  put(uid: string, text: string): void {
    this.events.set(uid, { text, version: (this.events.get(uid)?.version ?? 0) + 1 });
  }

  text(uid: string): string {
    return this.events.get(uid)?.text ?? '';
  }

  async find(_organizer: CalendarAddress, uid: string): Promise<FoundEvent> {
    this.finds += 1;
    if (this.isDown) throw new GatewayError('caldav-unreachable', 'down', { temporary: true });
    const event = this.events.get(uid);
    if (this.hidden && event !== undefined) return { kind: 'not-visible', href: `/cal/${uid}.ics` };
    if (event === undefined) return { kind: 'none' };
    return {
      kind: 'found',
      event: { href: `/cal/${uid}.ics`, etag: `"${event.version}"`, text: event.text, lastModified: null },
    };
  }

  async write(
    _organizer: CalendarAddress,
    event: { href: string; etag: string | null },
    text: string,
  ): Promise<WriteResult> {
    const uid = event.href.slice('/cal/'.length, -'.ics'.length);
    const instead = this.onWrite?.(uid, text) ?? null;
    if (instead !== null && instead !== 'lost') return instead;
    if (`"${this.events.get(uid)?.version}"` !== event.etag) return { kind: 'conflict' };
    this.writes += 1;
    this.put(uid, text);
    if (instead === 'lost')
      throw new GatewayError('caldav-unreachable', 'the connection was lost', { temporary: true });
    return { kind: 'written', etag: null };
  }

  async close(): Promise<void> {}
}

export interface FlowKitOptions {
  readonly notify?: 'each' | 'digest' | 'held';
  readonly itip?: boolean;
  readonly guestList?: boolean;
  readonly replyDomain?: string | null;
  readonly ownRecipients?: readonly string[];
  readonly postmaster?: string | null;
  readonly quota?: { readonly hour: number; readonly day: number };
  readonly timezone?: string;
}

const templates = compileTemplates(await readTemplates(null));

export async function openFlowKit(options: FlowKitOptions = {}) {
  const shared = await acquireSpool();
  const { spool, ledger } = shared;
  const calendar = new MemoryCalendar();
  const mails: OutgoingMail[] = [];
  const relay = { verdict: (_mail: OutgoingMail): SubmissionVerdict => ({ kind: 'accepted', response: '250 ok' }) };
  const clock = { now: Date.UTC(2027, 0, 10, 12) };
  const replyDomain = options.replyDomain === undefined ? REPLY_DOMAIN : options.replyDomain;
  const evidence = { of: (mail: ReceivedMail): Partial<SenderEvidence> => ({ from: [mail.envelope.mailFrom] }) };
  const makeId = makeIds();
  const now = (): number => clock.now;
  const outgoingMails = openOutgoingMails({
    ring: keys,
    makeId,
    hostname: 'gateway.example.com',
    bounceDomain: replyDomain,
    replyDomain,
    invitationFromEmail: 'calendar@example.com',
  });
  const common = {
    spool,
    ledger,
    templates,
    outgoingMails,
    store: calendar,
    makeId,
    now,
    // The clock does not run, so nothing is delayed.
    writeBatching: { begin: () => undefined, dueAt: now },
    ring: keys,
    replyDomain,
    bounceDomain: replyDomain,
    hostname: 'gateway.example.com',
    appUrl: 'https://calendar.example.com',
    languageOf: () => 'en',
    timezone: options.timezone ?? 'UTC',
    guestList: options.guestList ?? true,
    outcomes: makeOutcomes(openLog('silent')),
    expand: (query: Parameters<typeof recurrence.expand>[0]) => recurrence.expand(query),
    makeDecisionLink: decisionLinks({ ring: keys, appUrl: 'https://calendar.example.com', now }),
  };
  const awaitQuota = waitForQuota({ ...common, quota: options.quota ?? { hour: 5_000, day: 20_000 } });
  const work: { readonly [Q in QueueName]: LaneHandler<KindIn<Q>> } = {
    incoming: interpretIncoming({
      ...common,
      interpret: interpretMail,
      authenticate: async (mail) => ({
        from: [],
        fromFields: 1,
        sender: null,
        replyTo: [],
        dkim: [],
        spf: { result: 'none', domain: null, aligned: false },
        dmarc: { result: 'none', policy: null },
        arc: { result: 'none', trustedSealer: false, dmarcPassed: false },
        fromRelay: false,
        ...evidence.of(mail),
      }),
      isOwnRecipient: (recipient) => (options.ownRecipients ?? []).includes(recipient.toLowerCase()),
      postmaster: options.postmaster === undefined ? 'postmaster@example.com' : options.postmaster,
      policy: 'strict',
    }),
    question: askOwner(common),
    event: processCopy({
      ...common,
      notifyOrganizer: notifyOrganizer({ ...common, mode: options.notify ?? 'each' }),
    }),
    invitation: deliver({
      ...common,
      itip: options.itip ?? true,
      waitForQuota: awaitQuota,
    }),
    outgoing: submitOutgoing({
      ...common,
      submission: {
        async submit(mail) {
          const verdict = relay.verdict(mail);
          if (verdict.kind === 'accepted') mails.push(mail);
          return verdict;
        },
        close: async () => undefined,
      },
    }),
  };

  /** Handles a batch as `run-queue.ts` does. */
  async function handle(queue: QueueName, batch: Batch): Promise<Changes> {
    const { jobs, others } = readBatch(batch, clock.now);
    const { planned, more = {} }: LanePlan =
      jobs.length === 0 ? { planned: [] } : await (work[queue] as LaneHandler<Kind>)(jobs);
    return changesOf({ planned: [...planned, ...others], more }, common);
  }
  const handlerOf = (queue: QueueName) => (batch: Batch) => handle(queue, batch);
  const handlers: Readonly<Record<QueueName, (batch: Batch) => Promise<Changes>>> = {
    incoming: handlerOf('incoming'),
    event: handlerOf('event'),
    question: handlerOf('question'),
    invitation: handlerOf('invitation'),
    outgoing: handlerOf('outgoing'),
  };

  const onFailed = notifyNotWritten(common);
  async function afterRefusal(batch: Batch, error: WriteRefused): Promise<Changes> {
    const { jobs } = readBatch(batch, clock.now);
    const planned = afterFailure(
      { queue: 'event', log: openLog('silent'), now, backOff: { first: 3_000, longest: 300_000 } },
      jobs,
      error,
    );
    return changesOf({ planned, more: await onFailed(jobs, error) }, common);
  }

  /** Processes due tasks until there are none. After a temporary failure, the lane is due again a second later. */
  async function settle(
    queues: readonly QueueName[] = ['incoming', 'invitation', 'event', 'question', 'outgoing'],
  ): Promise<void> {
    for (let again = true; again; ) {
      again = false;
      for (const queue of queues) {
        for (const batch of await spool.claim(queue, {
          lanes: 50,
          perLane: 2_000,
          leaseMs: 60_000,
          longestWaitMs: 3_600_000,
          now: clock.now,
        })) {
          again = true;
          const changes = await handlers[queue](batch).catch(async (error: unknown): Promise<Changes> => {
            if (error instanceof WriteRefused) return afterRefusal(batch, error);
            if (!(error instanceof GatewayError && error.temporary)) throw error;
            return { retry: batch.tasks.map(({ id }) => ({ id, dueAt: clock.now + 1_000, error: error.message })) };
          });
          await spool.commit(batch.lease, changes);
        }
      }
    }
  }

  return {
    ...common,
    waitForQuota: awaitQuota,
    handlers,
    calendar,
    mails,
    relay,
    clock,
    evidence,
    settle,
    /** Adds a record as a door or a handler does; returns the id of its task. */
    async put(body: AnyRecord): Promise<string> {
      const id = makeId(clock.now);
      await spool.put([recordTask(body, { id, createdAt: clock.now })]);
      return id;
    },
    /** As NewEntry, because this version wrote them all. */
    entries: async (subject: string) => (await ledger.entries(subject, 500)) as NewEntry[],
    async reasons(subject: string): Promise<string[]> {
      return (await ledger.entries(subject, 500)).map(({ verdict, reason }) => `${verdict} ${reason}`);
    },
    invite: (calendarText: string, recipient: CalendarAddress, method = 'REQUEST') =>
      receiveCallback(common, {
        sender: alice,
        recipient,
        method: method as 'REQUEST',
        calendar: calendarText.replace('BEGIN:VEVENT', `METHOD:${method}\r\nBEGIN:VEVENT`),
      }),
    click: (
      uid: string,
      attendee: CalendarAddress,
      partstat: Partstat,
      sequence: number | null = 0,
      recurrenceId: string | null = null,
    ) =>
      receiveWebAnswer(
        common,
        { uid, recurrenceId, attendee: attendee.asWritten, organizer: alice.asWritten, expiresAt: clock.now + 1 },
        { partstat, comment: null, sequence, wholeSeries: false },
      ),
    mail: (raw: Uint8Array, to: string | readonly string[], from = bob.asWritten) =>
      receiveMail(common, {
        envelope: { mailFrom: from, rcptTo: [to].flat() },
        peer: {
          door: 'smtp',
          address: '127.0.0.1',
          helo: 'client.test',
          tls: false,
          trustedRelay: false,
          xclient: false,
        },
        receivedAt: clock.now,
        raw,
      }),
    /** Subject, text and calendar part of the mails to one person. */
    async mailsTo(recipient: CalendarAddress): Promise<{ subject: string; text: string; calendar: string }[]> {
      const own = mails.filter(({ rcptTo }) => rcptTo === recipient.asWritten);
      return Promise.all(
        own.map(async ({ raw }) => {
          const mail = await simpleParser(Buffer.from(raw));
          const part = mail.attachments.find(({ contentType }) => contentType === 'application/ics');
          const unfolded = (part?.content.toString() ?? '').replace(/\r\n[ \t]/g, '');
          return { subject: mail.subject ?? '', text: mail.text ?? '', calendar: unfolded };
        }),
      );
    },
    /** The claims of the decision link in the newest notice to the organizer. */
    async question(): Promise<DecisionClaims> {
      const [token] = (await this.mailsTo(alice))
        .flatMap(({ text }) => /\/decide\/\?token=(\S+)/.exec(text)?.[1] ?? [])
        .slice(-1);
      const read = await readDecisionToken(keys, decodeURIComponent(token ?? ''), clock.now);
      if (read.kind !== 'valid') throw new TypeError('the notice has no link');
      return read.claims;
    },
    async close(): Promise<void> {
      releaseSpool(shared);
    },
  };
}

export type FlowKit = Awaited<ReturnType<typeof openFlowKit>>;

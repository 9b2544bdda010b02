// The reasons that the gateway gives for its outcomes. Each row has the verdicts that the reason can explain, the
// sentence for the ledger and, if the reason is shown to organizers, the key of its text. The name of the row is its
// label in `imip_outcomes_total`. To add a reason, add a row here; one with a `text` also needs that text in each
// templates/*.json, or the type check fails.
import { ERROR_CODES, type ErrorCode } from './errors.ts';

export type Verdict =
  | 'applied'
  | 'ignored'
  | 'refused'
  | 'held'
  | 'retried'
  | 'mailed'
  | 'not-mailed'
  | 'forwarded'
  | 'recorded'
  | 'bounced'
  | 'decided';

export interface ReasonRow {
  readonly verdicts: readonly Verdict[];
  /** Returns one English sentence for the operator. */
  readonly ledger: (facts: never) => string;
  /** Why an answer is held: the message `mail.held.<text>`, shown to the organizer in mails and pages. */
  readonly text?: string;
}

/** An address as written. */
interface Who {
  readonly who: string;
}

interface Delegation extends Who {
  readonly delegate: string;
}

interface Diagnostic {
  readonly diagnostic: string;
}

/** `tries`: the number of attempts before the task was held; null: it will be retried. */
interface Failure {
  readonly error: string;
  readonly tries: number | null;
}

const failure = {
  verdicts: ['held', 'retried'],
  ledger: ({ error, tries }: Failure) =>
    tries === null ? `Failed, will retry: ${error}` : `Failed ${tries} times, held for the operator: ${error}`,
} as const;

/** A task whose handler threw: one reason per error code. */
const failures = Object.fromEntries(ERROR_CODES.map((code) => [code, failure])) as Record<ErrorCode, typeof failure>;

/** A mail without a usable answer. `found`: a sentence about the content of the mail. */
const unusable = { verdicts: ['refused'], ledger: ({ found }: { found: string }) => found } as const;

const mailed = {
  verdicts: ['mailed'],
  ledger: ({ response }: { response: string }) => `The relay accepted the mail: ${response}`,
} as const;

export const reasons = {
  // An answer was applied.
  applied: {
    verdicts: ['applied'],
    ledger: ({ who, partstat, written }: Who & { partstat: string; written: boolean }) =>
      written ? `Set PARTSTAT of ${who} to ${partstat}.` : `The event already has PARTSTAT ${partstat} for ${who}.`,
  },
  overwritten: {
    verdicts: ['applied'],
    ledger: ({ round, last }: { round: number; last: boolean }) =>
      `Another client overwrote this answer with an older copy of the event; applied again (attempt ${round}${last ? ', the last one' : ''}).`,
  },
  'delegate-added': {
    verdicts: ['applied'],
    ledger: ({ who, delegate }: Delegation) => `Added ${delegate} to the attendees as the delegate of ${who}.`,
  },

  // An answer is not applied, and no decision is needed.
  duplicate: {
    verdicts: ['ignored'],
    ledger: ({ who }: Who) => `The same answer of ${who} was applied before.`,
  },
  stale: {
    verdicts: ['ignored'],
    ledger: ({ who }: Who) => `Superseded by a newer answer of ${who}, or by a later change of the event’s time.`,
  },
  'cancelled-event': {
    verdicts: ['refused'],
    ledger: ({ who }: Who) => `The event is cancelled; the answer of ${who} was not applied.`,
  },
  'not-delegated': {
    verdicts: ['refused'],
    ledger: ({ who }: Who) => `${who} no longer delegates.`,
  },
  past: {
    verdicts: ['refused'],
    ledger: ({ who }: Who) => `The event was over when ${who} answered; the answer was not applied.`,
  },
  'no-attendee': { verdicts: ['refused'], ledger: () => 'Neither the calendar part nor From names an attendee.' },

  // An answer is held for the organizer, or was accepted by the organizer but cannot be applied.
  'not-invited': {
    verdicts: ['held', 'refused'],
    text: 'notInvited',
    ledger: ({ who }: Who) => `${who} is not an attendee of the event.`,
  },
  'unknown-event': {
    verdicts: ['held', 'refused', 'retried'],
    text: 'unknownEvent',
    ledger: ({ retriedFor }: { retriedFor?: string }) =>
      `The event is not in any calendar of the organizer${retriedFor === undefined ? '' : `; will retry for ${retriedFor}`}.`,
  },
  'not-visible': {
    verdicts: ['held', 'refused', 'retried'],
    text: 'notVisible',
    ledger: ({ retriedFor }: { retriedFor?: string }) =>
      `The CalDAV server refuses to show the event (403)${retriedFor === undefined ? '' : `; will retry for ${retriedFor}`}.`,
  },
  'ambiguous-event': {
    verdicts: ['held', 'refused'],
    text: 'ambiguousEvent',
    ledger: () => 'The event is in several calendars of the organizer.',
  },
  'no-such-occurrence': {
    verdicts: ['held', 'refused'],
    text: 'noSuchOccurrence',
    ledger: ({ isProposal = false }: { isProposal?: boolean }) =>
      isProposal
        ? 'The proposal names an occurrence that the event does not have.'
        : 'The event has no such occurrence, or too many occurrences already have separate answers.',
  },
  'recurrence-too-expensive': {
    verdicts: ['held', 'refused'],
    text: 'recurrenceTooExpensive',
    ledger: () => 'The recurrence rule cannot be expanded within the limits.',
  },
  'changed-elsewhere': {
    verdicts: ['held', 'refused'],
    text: 'changedElsewhere',
    ledger: ({ who }: Who) => `Another client changed the answer of ${who} in the calendar after this one was sent.`,
  },
  'series-change': {
    verdicts: ['held', 'refused'],
    text: 'seriesChange',
    ledger: () => 'An answer to “this and all following” would split the series.',
  },
  'unreadable-answer': {
    verdicts: ['held', 'refused'],
    text: 'unreadableAnswer',
    ledger: ({ who }: Who) => `The answer of ${who} has no readable PARTSTAT.`,
  },
  'event-unusable': {
    verdicts: ['held', 'refused'],
    text: 'eventUnusable',
    ledger: () => 'The event on the CalDAV server cannot be edited safely.',
  },
  unauthenticated: {
    verdicts: ['held', 'ignored'],
    text: 'unauthenticated',
    ledger: ({ who }: Who) => `The sender is not proven to be ${who}.`,
  },
  'another-attendee': {
    verdicts: ['held', 'ignored'],
    text: 'anotherAttendee',
    ledger: ({ who }: Who) => `The mail came to the reply address of ${who} but answers for another attendee.`,
  },
  'several-from': {
    verdicts: ['held', 'ignored'],
    text: 'severalFrom',
    ledger: () => 'The mail has several From addresses.',
  },
  forwarded: {
    verdicts: ['held', 'ignored'],
    text: 'forwarded',
    ledger: () => 'The answer is inside a forwarded message.',
  },
  'asked-together': {
    verdicts: ['retried', 'recorded'],
    ledger: (facts: { until: number } | { messageId: string; count: number }) =>
      'until' in facts
        ? `Daily limit of decision mails reached; included in the summary at ${time(facts.until)}.`
        : `Included in the summary mail ${facts.messageId} with ${facts.count} answers.`,
  },
  undecided: { verdicts: ['ignored'], ledger: () => 'Expired without a decision.' },

  // Attendees send something other than an answer.
  delegation: {
    verdicts: ['held'],
    ledger: ({ who, delegate }: Delegation) => `${who} delegates to ${delegate}, who is not an attendee of the event.`,
  },
  proposal: {
    verdicts: ['held', 'recorded'],
    ledger: ({ who }: Who) => `${who} proposes another time; the event is unchanged.`,
  },
  /** A REFRESH, and the mail that answers it. */
  refresh: {
    verdicts: ['recorded', 'mailed'],
    ledger: (facts: Who | { response: string }) =>
      'who' in facts ? `${facts.who} requested the event again.` : mailed.ledger(facts),
  },

  // Decisions of the organizer.
  alias: {
    verdicts: ['decided'],
    ledger: () => 'The organizer confirmed that the sender is this attendee; saved as an alias.',
  },
  once: { verdicts: ['decided'], ledger: () => 'Accepted once by the organizer.' },
  ignore: { verdicts: ['decided'], ledger: () => 'Ignored by the organizer.' },
  add: { verdicts: ['decided'], ledger: () => 'The organizer accepted the delegate.' },
  leave: { verdicts: ['decided'], ledger: () => 'The organizer left the event unchanged.' },

  // Mail that contains no answer.
  'unparseable-mail': unusable,
  'unparseable-calendar': unusable,
  'several-calendars': unusable,
  'not-a-reply': unusable,
  'no-event': unusable,
  'too-deep': unusable,
  'unknown-reply-address': {
    verdicts: ['refused'],
    ledger: () => 'The signature of the reply address is valid, but the ledger does not contain the address.',
  },
  loop: {
    verdicts: ['refused', 'ignored'],
    ledger: ({ hops }: { hops: number | null }) =>
      hops === null ? 'Mail loop: the gateway sent this mail itself.' : `Mail loop: ${hops} Received fields.`,
  },
  'automatic-reply': { verdicts: ['recorded'], ledger: () => 'An automatic reply, such as an out-of-office notice.' },
  'own-mail': {
    verdicts: ['recorded'],
    ledger: () => 'A message of the gateway itself: its ORGANIZER is a reply address.',
  },
  'abuse-report': { verdicts: ['recorded'], ledger: () => 'An abuse report about a mail of the gateway.' },
  'misdirected-bounce': {
    verdicts: ['recorded'],
    ledger: () => 'A delivery report at an address that is not a signed bounce address; not trusted.',
  },
  delayed: { verdicts: ['recorded'], ledger: () => 'A delivery report says that the mail is delayed.' },
  'not-a-failure': {
    verdicts: ['recorded'],
    ledger: ({ what }: { what: string }) => `Mail to a bounce address that reports no failure (${what}).`,
  },
  letter: { verdicts: ['forwarded'], ledger: () => 'The mail contains no answer; forwarded to the organizer.' },
  'unclear-bounce': {
    verdicts: ['forwarded'],
    ledger: () => 'A mail to a bounce address does not say whether our mail was delivered; forwarded to the organizer.',
  },
  'forwarded-before': { verdicts: ['ignored'], ledger: () => 'This mail was forwarded before.' },
  postmaster: { verdicts: ['forwarded'], ledger: () => 'Mail for the postmaster; forwarded.' },
  'no-postmaster': {
    verdicts: ['recorded'],
    ledger: () => 'Mail for the postmaster; not forwarded, because POSTMASTER_EMAIL is not set.',
  },

  // Mail that the gateway sends.
  invitation: mailed,
  update: mailed,
  cancel: mailed,
  own: mailed,
  reply: mailed,
  notice: mailed,
  forward: mailed,
  /** A DECLINECOUNTER, and the organizer's decision to send it. */
  decline: {
    verdicts: ['mailed', 'decided'],
    ledger: ({ response }: { response?: string }) =>
      response === undefined ? 'The organizer declined the proposal.' : mailed.ledger({ response }),
  },
  'schedule-agent': { verdicts: ['not-mailed'], ledger: () => 'Not mailed: SCHEDULE-AGENT is CLIENT or NONE.' },
  resource: { verdicts: ['not-mailed'], ledger: () => 'Not mailed: the address of a room or a device has no mailbox.' },
  'nothing-new': {
    verdicts: ['not-mailed'],
    ledger: () => 'Not mailed: nothing changed since the last mail to this recipient.',
  },
  over: { verdicts: ['not-mailed'], ledger: () => 'Not mailed: the event is over.' },
  suppressed: {
    verdicts: ['not-mailed'],
    ledger: ({ diagnostic }: Diagnostic) =>
      `Not mailed: an earlier mail to this address bounced (${diagnostic}). A new invitation is still mailed.`,
  },
  quota: {
    verdicts: ['retried'],
    ledger: ({ who, limit, per, until }: Who & { limit: number; per: 'hour' | 'day'; until: number }) =>
      `${who} has reached the limit of ${limit} new recipients per ${per}; the mail waits until ${time(until)}.`,
  },
  'refused-by-relay': {
    verdicts: ['not-mailed'],
    ledger: ({ diagnostic }: Diagnostic) => `The relay refused the mail: ${diagnostic}`,
  },
  'gave-up': {
    verdicts: ['not-mailed'],
    ledger: ({ diagnostic }: Diagnostic) => `The relay did not accept the mail in time: ${diagnostic}`,
  },
  'organizer-not-told': {
    verdicts: ['not-mailed', 'bounced'],
    ledger: ({ diagnostic }: Diagnostic) => `The organizer could not be mailed: ${diagnostic}`,
  },
  undeliverable: {
    verdicts: ['bounced'],
    ledger: ({ who, diagnostic }: Diagnostic & { who: string | null }) =>
      `The mail ${who === null ? '' : `to ${who} `}could not be delivered: ${diagnostic}`,
  },
  'reported-before': { verdicts: ['ignored'], ledger: () => 'This delivery failure was reported before.' },

  // The operator decided (`imip-gateway queue`), or must act.
  unreadable: {
    verdicts: ['held'],
    ledger: ({ why }: { why: string }) => `The task cannot be read, held for the operator: ${why}`,
  },
  operator: { verdicts: ['held'], ledger: () => 'Held by the operator.' },
  'operator-retry': { verdicts: ['decided'], ledger: () => 'Retried by the operator.' },
  'operator-drop': { verdicts: ['decided'], ledger: () => 'Dropped by the operator.' },
  ...failures,
} as const satisfies Record<string, ReasonRow>;

type Reasons = typeof reasons;

export type Reason = keyof Reasons;

/** The reasons that may explain that verdict. */
export type ReasonFor<V extends Verdict> = {
  [R in Reason]: [Extract<Reasons[R]['verdicts'][number], V>] extends [never] ? never : R;
}[Reason];

/** The reasons to hold an answer for the organizer: those that have a text. */
export type HoldReason = { [R in Reason]: Reasons[R] extends { readonly text: string } ? R : never }[Reason];

export type HoldText = Reasons[HoldReason]['text'];

/** A reason with its sentence. */
export interface Why<R extends Reason = Reason> {
  readonly reason: R;
  readonly detail: string;
}

/** The facts that the sentence needs; for a union of reasons, the facts that all their sentences need. */
type FactsOf<R extends Reason> = Reasons[R]['ledger'] extends (facts: infer F) => string ? F : never;

/** Returns a reason with its sentence, for a ledger entry. */
export function because<R extends Reason>(
  reason: R,
  ...facts: unknown extends FactsOf<R> ? [] : [facts: FactsOf<R>]
): Why<R> {
  const toSentence = reasons[reason].ledger as (...facts: readonly unknown[]) => string;
  return { reason, detail: toSentence(...facts) };
}

/** Whether this version of the gateway has that reason. The spool may contain reasons of other versions. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text);
}

/** Whether the reason is the code of an error that a handler threw. */
export function isFailure(reason: Reason): reason is ErrorCode {
  return Object.hasOwn(failures, reason);
}

export function isHoldReason(text: string): text is HoldReason {
  return holdText(text) !== null;
}

/** The key of the text, as in `mail.held.<text>`; null if the reason has none. */
export function holdText(reason: string): HoldText | null {
  const row: ReasonRow | null = isReason(reason) ? reasons[reason] : null;
  return (row?.text as HoldText | undefined) ?? null;
}

function time(at: number): string {
  return new Date(at).toISOString();
}

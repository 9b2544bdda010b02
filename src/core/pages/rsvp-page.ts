// An invitation as the calendar has it and what the person sent so far in, the model of the RSVP page out. A form for an
// answer is in it only while one can still count; otherwise the page says why not. Words are the catalogue's.
import { displayName, plainLines } from '../compose/plain-text.ts';
import { nameIn } from '../compose/show-event.ts';
import type { EventView } from '../compose/types.ts';
import { addressKey } from '../ical/calendar-address.ts';
import type { Partstat } from '../ical/types.ts';
import { type EventFacts, type PageReader, eventFacts } from './event-facts.ts';
import type { RsvpClaims } from '../signing/types.ts';

/** What the person who follows an RSVP link is shown. */
export interface RsvpShown {
  state: 'open' | 'past' | 'gone' | 'not-invited' | 'cancelled' | 'unreachable';
  /** The event, or the occurrence that the link names; null where it is not known. */
  event: EventView | null;
  /** The answer that the calendar has now. */
  partstat: Partstat | null;
  sequence: number | null;
  /** Whether the person may see who else is invited. */
  guestList: boolean;
  /** The link names one occurrence, and the person is invited to the whole series: both can be answered. */
  wholeSeries?: boolean;
  /** The event's calendar, as stored or mailed, for the download (event-file.ts); absent or null: none is offered. */
  calendar?: string | null;
  /** What ORGANIZER is in that file: the reply address this attendee was mailed; absent or null: it stays. */
  organizerAsMailed?: string | null;
}

/** An answer as links and forms name it. */
export type Action = 'accepted' | 'tentative' | 'declined';

const actions = { accepted: 'ACCEPTED', tentative: 'TENTATIVE', declined: 'DECLINED' } as const satisfies Record<
  Action,
  Partstat
>;

/** Why the form is shown again; each has `page.rsvp.notice.<notice>`. */
export type RsvpNotice = 'changed' | 'choose' | 'comment-too-long';

/** What a link or a form says. */
export interface RsvpForm {
  /** null: nothing chosen yet. */
  readonly action: Action | null;
  /** '' where nothing was written. */
  readonly comment: string;
  readonly commentTooLong: boolean;
  /** The SEQUENCE that was shown; null where none was. */
  readonly sequence: number | null;
  readonly wholeSeries: boolean;
}

export type RsvpPageKind = 'form' | 'form-changed' | 'form-incomplete' | 'past' | 'gone' | 'not-invited' | 'cancelled';

export interface RsvpPage {
  readonly kind: RsvpPageKind;
  /** Whether an answer can still be given. */
  readonly open: boolean;
  readonly event: EventFacts | null;
  readonly organizer: string;
  readonly attendee: { readonly name: string; readonly address: string };
  /** The answer the calendar has: an action, or `none`. */
  readonly answer: Action | 'none';
  readonly choices: readonly { readonly action: Action; readonly checked: boolean }[];
  readonly notice: RsvpNotice | 'unreachable' | null;
  readonly comment: string;
  readonly commentLimit: number;
  readonly sequence: number | null;
  /** Whether "this one" or "all of them" can be chosen, and which is. */
  readonly scope: 'one' | 'series' | null;
}

/** Characters; a note, not a letter. */
const COMMENT_LIMIT = 1000;

export function isAction(text: string): text is Action {
  return Object.hasOwn(actions, text);
}

export function partstatOf(action: Action): Partstat {
  return actions[action];
}

/** Whether an answer can still count. While the calendar is away it can: it waits. */
export function isAnswerable({ state }: Pick<RsvpShown, 'state'>): boolean {
  return state === 'open' || state === 'unreachable';
}

/** Reads the fields of a link or form; null where it names an action that does not exist. */
export function readForm(field: (name: string) => string): RsvpForm | null {
  const action = field('action').toLowerCase();
  if (action !== '' && !isAction(action)) return null;
  const comment = plainLines(field('comment'));
  const sequence = field('sequence');
  return {
    action: action === '' ? null : (action as Action),
    comment,
    commentTooLong: comment.length > COMMENT_LIMIT,
    sequence: /^\d{1,10}$/.test(sequence) ? Number(sequence) : null,
    wholeSeries: field('scope') === 'series',
  };
}

export function rsvpPage(
  shown: RsvpShown,
  claims: RsvpClaims,
  form: RsvpForm,
  notice: RsvpNotice | null,
  reader: PageReader,
): RsvpPage {
  const { state, event } = shown;
  const open = isAnswerable(shown);
  const facts = event === null ? null : eventFacts(shown.guestList ? event : { ...event, guests: [] }, reader);
  const answer = actionOf(shown.partstat) ?? 'none';
  const checked = form.action ?? (answer === 'none' ? null : answer);
  return {
    kind: state === 'open' || state === 'unreachable' ? formKind(notice) : state,
    open,
    event: facts,
    organizer: facts?.organizer?.name ?? displayName(null, claims.organizer),
    attendee: {
      name: nameIn(event?.guests ?? [], { key: addressKey(claims.attendee), asWritten: claims.attendee }),
      address: claims.attendee,
    },
    answer,
    choices: (Object.keys(actions) as Action[]).map((action) => ({ action, checked: action === checked })),
    notice: open ? (notice ?? (state === 'unreachable' ? 'unreachable' : null)) : null,
    comment: form.comment,
    commentLimit: COMMENT_LIMIT,
    sequence: shown.sequence,
    scope: shown.wholeSeries === true ? (form.wholeSeries ? 'series' : 'one') : null,
  };
}

function formKind(notice: RsvpNotice | null): RsvpPageKind {
  if (notice === null) return 'form';
  return notice === 'changed' ? 'form-changed' : 'form-incomplete';
}

function actionOf(partstat: Partstat | null): Action | null {
  return (Object.keys(actions) as Action[]).find((action) => actions[action] === partstat) ?? null;
}

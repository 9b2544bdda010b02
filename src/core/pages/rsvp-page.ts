// Builds the model of the RSVP page. In: the event as stored, and the fields of the link or form; out: the model. It refuses an
// answer that can no longer count: the page then has no form and states the reason.
import { displayName, plainLines } from '../compose/plain-text.ts';
import { withoutGuests } from '../compose/event-view.ts';
import { nameIn } from '../compose/show-event.ts';
import type { EventView } from '../compose/types.ts';
import { addressKey } from '../ical/calendar-address.ts';
import type { Partstat } from '../ical/types.ts';
import type { MailStamp } from '../itip/stamp.ts';
import { type EventFacts, type PageReader, eventFacts } from './event-facts.ts';
import type { RsvpClaims } from '../signing/types.ts';

/** The event and the answer that an RSVP page shows. */
export interface RsvpView {
  state: 'open' | 'past' | 'gone' | 'not-invited' | 'cancelled' | 'unreachable';
  /** The event, or the occurrence of the link; null if unknown. */
  event: EventView | null;
  /** The stored answer. */
  partstat: Partstat | null;
  sequence: number | null;
  /** The time that is shown (`occurrenceSchedule`). Without it, only SEQUENCE shows whether the event has changed. */
  schedule?: string | null;
  /** Whether the person may see the other guests. */
  guestList: boolean;
  /** Whether the person may also answer for the whole series, although the link is for one occurrence. */
  wholeSeries?: boolean;
  /** The calendar for the download (event-file.ts), as stored or as last mailed. Without it, no file is offered. */
  calendar?: string | null;
  /** The reply address to write into ORGANIZER of that file. Without it, ORGANIZER is kept. */
  organizerAsMailed?: string | null;
  /** DTSTAMP and SEQUENCE of that file. Without it, they are kept. */
  stamp?: MailStamp;
}

/** An answer as in links and forms. */
export type Action = 'accepted' | 'tentative' | 'declined';

const actions = { accepted: 'ACCEPTED', tentative: 'TENTATIVE', declined: 'DECLINED' } as const satisfies Record<
  Action,
  Partstat
>;

/** Why the form is shown again. Each notice has the message `page.rsvp.notice.<notice>`. */
export type RsvpNotice = 'changed' | 'choose' | 'comment-too-long';

/** The fields of a link or form. */
export interface RsvpForm {
  /** Null if no answer is chosen. */
  readonly action: Action | null;
  /** '' if there is none. */
  readonly comment: string;
  readonly commentTooLong: boolean;
  /** The SEQUENCE that the form showed, null if it showed none. */
  readonly sequence: number | null;
  /** The time that the form showed, null if it showed none. */
  readonly schedule: string | null;
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
  /** The stored answer, or `none`. */
  readonly answer: Action | 'none';
  readonly choices: readonly { readonly action: Action; readonly checked: boolean }[];
  readonly notice: RsvpNotice | 'unreachable' | null;
  readonly comment: string;
  readonly commentLimit: number;
  readonly sequence: number | null;
  readonly schedule: string | null;
  /** The selected scope; null if the person cannot choose it. */
  readonly scope: 'one' | 'series' | null;
}

/** In characters. */
const COMMENT_LIMIT = 1000;

export function isAction(text: string): text is Action {
  return Object.hasOwn(actions, text);
}

export function partstatOf(action: Action): Partstat {
  return actions[action];
}

/** Returns whether an answer can still count. While the calendar is unreachable, an answer is stored and applied later. */
export function isAnswerable({ state }: Pick<RsvpView, 'state'>): boolean {
  return state === 'open' || state === 'unreachable';
}

/** Reads the fields of a link or form. Returns null for an unknown action. */
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
    schedule: field('schedule') || null,
    wholeSeries: field('scope') === 'series',
  };
}

export function rsvpPage(
  view: RsvpView,
  claims: RsvpClaims,
  form: RsvpForm,
  notice: RsvpNotice | null,
  reader: PageReader,
): RsvpPage {
  const { state, event } = view;
  const open = isAnswerable(view);
  const facts = event === null ? null : eventFacts(view.guestList ? event : withoutGuests(event), reader);
  const answer = actionOf(view.partstat) ?? 'none';
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
    sequence: view.sequence,
    schedule: view.schedule ?? null,
    scope: view.wholeSeries === true ? (form.wholeSeries ? 'series' : 'one') : null,
  };
}

function formKind(notice: RsvpNotice | null): RsvpPageKind {
  if (notice === null) return 'form';
  return notice === 'changed' ? 'form-changed' : 'form-incomplete';
}

function actionOf(partstat: Partstat | null): Action | null {
  return (Object.keys(actions) as Action[]).find((action) => actions[action] === partstat) ?? null;
}

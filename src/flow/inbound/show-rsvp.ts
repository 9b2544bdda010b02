// The use cases behind the RSVP page: what the event says now, and an answer whose outcome is waited for briefly.
import type { CalendarStore } from '../ports/calendar-store.ts';
import { readEventView } from '../../core/compose/event-view.ts';
import { GatewayError } from '../../core/errors.ts';
import { within } from '../../core/within.ts';
import type { RsvpView } from '../../core/pages/rsvp-page.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { isRecurring, parseEvent } from '../../core/ical/event-document.ts';
import { partstatOf } from '../../core/ical/partstat-of.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { RsvpClaims } from '../../core/signing/types.ts';
import type { CopyContext, Ledger } from '../ports/spool.ts';
import { instantOf } from '../outbound/link-expiry.ts';
import type { Outcomes } from '../queue/outcomes.ts';
import { receiveWebAnswer, type ReceiveOptions, type WebAnswer } from './receive.ts';
import type { WriteBatching } from '../queue/write-batching.ts';

export interface RsvpOptions extends ReceiveOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  readonly writeBatching: WriteBatching;
  /** SHOW_GUEST_LIST. */
  readonly guestList: boolean;
}

/**
 * `recorded`: the calendar says so. `received`: it is on disk and will be applied. Refused with `changed` or `stale`: the
 * event is another than the one shown; it is shown again.
 */
export type WebOutcome = 'recorded' | 'received' | { refused: string };

const OUTCOME_PATIENCE_MS = 2_000;
/** A GET must answer even where the CalDAV server does not. */
const LOAD_PATIENCE_MS = 5_000;

export async function showRsvp(options: RsvpOptions, claims: RsvpClaims): Promise<RsvpView> {
  const attendee = calendarAddress(claims.attendee);
  const organizer = calendarAddress(claims.organizer);
  const { guestList } = options;
  if (attendee === null || organizer === null) return nothing('gone', guestList);
  const context = await options.ledger.copyContext(organizer.key, claims.uid, [attendee.key]);
  const text = await loadText(options, organizer, claims.uid, context.place?.href ?? null);
  const mailed = context.mailings.at(-1)?.calendar ?? null;
  const organizerAsMailed = context.mailings[0]?.organizerAsMailed ?? null;
  if (text === 'none') return nothing('gone', guestList);
  if (text === 'unreachable') return shownUnreachable(options, claims, attendee, mailed, context, organizerAsMailed);
  return shownEvent(options, claims, attendee, text.calendar, organizerAsMailed);
}

export async function answerRsvp(options: RsvpOptions, claims: RsvpClaims, given: WebAnswer): Promise<WebOutcome> {
  const shown = await showRsvp(options, claims);
  if (shown.state !== 'open' && shown.state !== 'unreachable') return { refused: shown.state };
  // Changed since it was shown: it is shown again before it can be answered.
  if (shown.state === 'open' && given.sequence !== null && shown.sequence !== given.sequence)
    return { refused: 'changed' };
  const id = await receiveWebAnswer(options, claims, given);
  const outcome = await options.outcomes.waitFor(id, OUTCOME_PATIENCE_MS);
  if (outcome === null)
    return (await options.ledger.entries(id, 1))[0]?.verdict === 'applied' ? 'recorded' : 'received';
  if (outcome.verdict === 'applied' || outcome.reason === 'duplicate') return 'recorded';
  // A second click on the same button overtook the first: nothing changed but what the person says.
  if (outcome.reason === 'stale' && (await showRsvp(options, claims)).partstat === given.partstat) return 'recorded';
  if (outcome.verdict === 'ignored' || outcome.verdict === 'refused') return { refused: outcome.reason };
  return 'received';
}

type Loaded = 'none' | 'unreachable' | { readonly calendar: string };

async function loadText(
  { store }: RsvpOptions,
  organizer: CalendarAddress,
  uid: string,
  href: string | null,
): Promise<Loaded> {
  const load = store.find(organizer, uid, href).then(
    (found): Loaded =>
      found.kind === 'found' ? { calendar: found.event.text } : found.kind === 'none' ? 'none' : 'unreachable',
    (error: unknown): Loaded => {
      if (error instanceof GatewayError) return 'unreachable';
      throw error;
    },
  );
  return within(AbortSignal.timeout(LOAD_PATIENCE_MS), load, () => 'unreachable');
}

function shownEvent(
  { now, guestList }: RsvpOptions,
  claims: RsvpClaims,
  attendee: CalendarAddress,
  calendar: string,
  organizerAsMailed: string | null,
): RsvpView {
  const document = parseEvent(calendar);
  const event = readEventView(calendar, claims.recurrenceId, attendee);
  const partstat = partstatOf(document, attendee, claims.recurrenceId);
  const common = { event, partstat, sequence: event.sequence, calendar, organizerAsMailed, guestList };
  if (partstat === null) return { ...common, state: 'not-invited', event: null };
  if (event.cancelled) return { ...common, state: 'cancelled' };
  const ends = instantOf(event.end) ?? instantOf(event.start);
  const isSeries = isRecurring(document) && claims.recurrenceId === null;
  if (!isSeries && ends !== null && ends < now()) return { ...common, state: 'past' };
  const wholeSeries = claims.recurrenceId !== null && partstatOf(document, attendee, null) !== null;
  return { ...common, state: 'open', wholeSeries };
}

function shownUnreachable(
  { guestList }: RsvpOptions,
  claims: RsvpClaims,
  attendee: CalendarAddress,
  mailed: string | null,
  context: CopyContext,
  organizerAsMailed: string | null,
): RsvpView {
  if (mailed === null) return nothing('unreachable', guestList);
  const event = readEventView(mailed, claims.recurrenceId, attendee);
  const last = context.applied.findLast(({ recurrenceId }) => recurrenceId === claims.recurrenceId);
  const partstat = last?.partstat ?? null;
  const { sequence } = event;
  return { state: 'unreachable', event, partstat, sequence, calendar: mailed, organizerAsMailed, guestList };
}

function nothing(state: RsvpView['state'], guestList: boolean): RsvpView {
  return { state, event: null, partstat: null, sequence: null, guestList };
}

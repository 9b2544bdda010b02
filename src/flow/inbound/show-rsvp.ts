// The use cases of the RSVP page. `showRsvp` returns the current event for a link; `answerRsvp` stores an answer and
// returns its outcome, if it is known within two seconds. An answer to an event that has changed, is over or is
// cancelled is refused.
import type { CalendarStore } from '../ports/calendar-store.ts';
import { readEventView } from '../../core/compose/event-view.ts';
import type { RsvpView } from '../../core/pages/rsvp-page.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { parseEvent, partstatOf } from '../../core/ical/event-document.ts';
import { occurrenceSchedule } from '../../core/itip/fingerprint.ts';
import { mailedOccurrence } from '../../core/itip/mailed-occurrence.ts';
import { stampFor } from '../../core/itip/stamp.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { RsvpClaims } from '../../core/signing/types.ts';
import type { Expand } from '../ports/recurrence.ts';
import type { CopyContext, Ledger } from '../ports/spool.ts';
import { endOf } from '../outbound/event-end.ts';
import { loadCurrentEvent } from '../questions/current-event.ts';
import type { Outcomes } from '../queue/outcomes.ts';
import { receiveWebAnswer, type ReceiveOptions, type WebAnswer } from './receive.ts';
import type { WriteBatching } from '../queue/write-batching.ts';

export interface RsvpOptions extends ReceiveOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  readonly expand: Expand;
  readonly writeBatching: WriteBatching;
  /** SHOW_GUEST_LIST. */
  readonly guestList: boolean;
  /** DISPLAY_TIMEZONE. */
  readonly timezone: string;
}

/**
 * `recorded`: the event contains the answer. `received`: the answer is durable, its outcome is not known yet. `refused`
 * as `changed` or `stale`: the event is not the one that the page showed, so the page shows it again.
 */
export type WebOutcome = 'recorded' | 'received' | { refused: string };

const OUTCOME_TIMEOUT_MS = 2_000;

export async function showRsvp(options: RsvpOptions, claims: RsvpClaims): Promise<RsvpView> {
  const attendee = calendarAddress(claims.attendee);
  const organizer = calendarAddress(claims.organizer);
  const { guestList } = options;
  if (attendee === null || organizer === null) return viewWithoutEvent('gone', guestList);
  const context = await options.ledger.copyContext(organizer.key, claims.uid, [attendee.key]);
  const loaded = await loadCurrentEvent(options.store, organizer, claims.uid, context.place?.href ?? null);
  if (loaded === 'none') return viewWithoutEvent('gone', guestList);
  if (loaded === 'unreachable') return viewMailedEvent(options, claims, attendee, context);
  return viewStoredEvent(options, claims, attendee, loaded.calendar, context);
}

export async function answerRsvp(options: RsvpOptions, claims: RsvpClaims, given: WebAnswer): Promise<WebOutcome> {
  const shown = await showRsvp(options, claims);
  if (shown.state !== 'open' && shown.state !== 'unreachable') return { refused: shown.state };
  if (shown.state === 'open' && hasChanged(shown, given)) return { refused: 'changed' };
  const id = await receiveWebAnswer(options, claims, given);
  const outcome = await options.outcomes.waitFor(id, OUTCOME_TIMEOUT_MS);
  if (outcome === null)
    return (await options.ledger.entries(id, 1))[0]?.verdict === 'applied' ? 'recorded' : 'received';
  if (outcome.verdict === 'applied' || outcome.reason === 'duplicate') return 'recorded';
  // A second click on the same button was processed first.
  if (outcome.reason === 'stale' && (await showRsvp(options, claims)).partstat === given.partstat) return 'recorded';
  if (outcome.verdict === 'ignored' || outcome.verdict === 'refused') return { refused: outcome.reason };
  return 'received';
}

/** Whether the event has changed since it was shown. Some clients move it without raising SEQUENCE. */
function hasChanged(now: RsvpView, { sequence, schedule = null }: WebAnswer): boolean {
  return (sequence !== null && sequence !== now.sequence) || (schedule !== null && schedule !== now.schedule);
}

async function viewStoredEvent(
  { now, guestList, timezone, expand }: RsvpOptions,
  claims: RsvpClaims,
  attendee: CalendarAddress,
  calendar: string,
  context: CopyContext,
): Promise<RsvpView> {
  const document = parseEvent(calendar);
  const event = readEventView(calendar, claims.recurrenceId, attendee, { now: now(), timezone });
  const partstat = partstatOf(document, attendee, claims.recurrenceId);
  const common = {
    event,
    partstat,
    sequence: event.sequence,
    schedule: occurrenceSchedule(document, claims.recurrenceId),
    calendar,
    organizerAsMailed: mailedOrganizer(context),
    stamp: stampFor(document, 'REQUEST', context.mailings, now()),
    guestList,
  };
  if (partstat === null) return { ...common, state: 'not-invited', event: null };
  if (event.cancelled) return { ...common, state: 'cancelled' };
  const end = await endOf(document, claims.recurrenceId, expand);
  if (end !== null && end < now()) return { ...common, state: 'past' };
  const wholeSeries = claims.recurrenceId !== null && partstatOf(document, attendee, null) !== null;
  return { ...common, state: 'open', wholeSeries };
}

function viewMailedEvent(
  { now, guestList, timezone }: RsvpOptions,
  claims: RsvpClaims,
  attendee: CalendarAddress,
  context: CopyContext,
): RsvpView {
  const mailing = context.mailings.at(-1);
  if (mailing === undefined) return viewWithoutEvent('unreachable', guestList);
  const { calendar } = mailing;
  const event = readEventView(calendar, claims.recurrenceId, attendee, { now: now(), timezone });
  const applied = context.applied.findLast(({ recurrenceId }) => recurrenceId === claims.recurrenceId);
  return {
    state: 'unreachable',
    event,
    partstat: applied?.partstat ?? null,
    sequence: mailedOccurrence(mailing, claims.recurrenceId).sequence,
    calendar,
    organizerAsMailed: mailedOrganizer(context),
    stamp: stampFor(parseEvent(calendar), 'REQUEST', context.mailings, now()),
    guestList,
  };
}

function mailedOrganizer({ mailings }: CopyContext): string | null {
  return mailings[0]?.organizerAsMailed ?? null;
}

function viewWithoutEvent(state: RsvpView['state'], guestList: boolean): RsvpView {
  return { state, event: null, partstat: null, sequence: null, guestList };
}

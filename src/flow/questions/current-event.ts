// The current event for a page or a question. In: the owner and the UID; out: the event as stored now, `none`, or
// `unreachable` if it cannot be loaded, or not in time. It refuses nothing.
import type { CalendarAddress } from '../../core/ical/types.ts';
import { validText } from '../../core/ical/content-lines.ts';
import { GatewayError } from '../../core/errors.ts';
import { nameOrganizer } from '../../core/itip/name-organizer.ts';
import { within } from '../../core/within.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { CopyContext, Ledger } from '../ports/spool.ts';

export type CurrentEvent = 'none' | 'unreachable' | { readonly calendar: string };

/** Pages and questions do not wait longer for a CalDAV server that does not respond. */
const LOAD_TIMEOUT_MS = 5_000;

/** `href`: where the event was found before; null: unknown. */
export async function loadCurrentEvent(
  store: CalendarStore,
  owner: CalendarAddress,
  uid: string,
  href: string | null,
): Promise<CurrentEvent> {
  const loading = store.find(owner, uid, href).then(
    (found): CurrentEvent => {
      if (found.kind === 'found') return { calendar: nameOrganizer(validText(found.event.text), owner) };
      return found.kind === 'none' ? 'none' : 'unreachable';
    },
    (error: unknown): CurrentEvent => {
      if (error instanceof GatewayError) return 'unreachable';
      throw error;
    },
  );
  return within(AbortSignal.timeout(LOAD_TIMEOUT_MS), loading, () => 'unreachable');
}

/** Returns the event as stored now, else as last mailed; null: unknown. */
export async function currentCalendar(
  { store, ledger }: { readonly store: CalendarStore; readonly ledger: Ledger },
  owner: CalendarAddress,
  uid: string,
): Promise<string | null> {
  const { place, mailings } = await ledger.copyContext(owner.key, uid, null);
  const current = await loadCurrentEvent(store, owner, uid, place?.href ?? null);
  if (typeof current === 'object') return current.calendar;
  return lastMailed({ mailings });
}

/** The event as last mailed; null: it was never mailed, or its text is no longer stored. */
export function lastMailed({ mailings }: Pick<CopyContext, 'mailings'>): string | null {
  return mailings.at(-1)?.calendar || null;
}

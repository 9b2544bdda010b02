// Writes the VTIMEZONE (RFC 5545 §3.6.5) of an IANA zone. In: a TZID and the first year that the calendar needs; out: its lines. The
// rules are those of the platform, which the texts of mails and the decisions use as well. If the short form of a library has the
// same rules, that form is returned. It refuses ([]) a zone that the platform does not have.
import { tzlib_get_ical_block, tzlib_get_timezones } from 'timezones-ical-library';
import { type ContentLine, makeLine, splitLines, withValue } from './content-lines.ts';
import { formatLocal, HOUR, localMillis, parseLocal } from './local-time.ts';
import { ianaZone, localAt } from './time-zones.ts';
import { readZoneRules } from './vtimezone.ts';

/** The number of years for which the rules of the library are compared with the platform's, or the changes are listed. */
const YEARS = 20;

/** Cached, because building a zone takes longer than the rest of the calendar, and most calendars use the same few zones. */
const zoneCache = new Map<string, readonly ContentLine[]>();

export function vtimezoneLines(tzid: string, firstYear: number): readonly ContentLine[] {
  const key = `${firstYear} ${tzid}`;
  const known = zoneCache.get(key);
  if (known !== undefined) return known;
  const zone = ianaZone(tzid);
  const lines = zone === null ? [] : buildZone(tzid, zone, firstYear);
  if (zoneCache.size >= 200) zoneCache.clear();
  zoneCache.set(key, lines);
  return lines;
}

function buildZone(tzid: string, zone: string, firstYear: number): readonly ContentLine[] {
  const changes = changesOf(zone, firstYear);
  if (changes === null) return [];
  const block = libraryBlock(zone);
  if (block === null || !hasRules(block, zone, changes)) return explicitBlock(tzid, changes);
  return splitLines(block).map((line) => (line.name === 'TZID' ? withValue(line, tzid) : line));
}

const LIBRARY_ZONES = new Set(tzlib_get_timezones(false));

/** Returns the VTIMEZONE of the library; null for an unknown zone, for which it would write to the console. */
function libraryBlock(zone: string): string | null {
  return LIBRARY_ZONES.has(zone) ? (tzlib_get_ical_block(zone, false)[0] ?? null) : null;
}

/** Returns all VTIMEZONEs of the library, by zone. */
export function libraryBlocks(): ReadonlyMap<string, string> {
  return new Map([...LIBRARY_ZONES].map((zone) => [zone, libraryBlock(zone) ?? '']));
}

interface Change {
  readonly instant: number;
  readonly from: number;
  readonly to: number;
}

interface Changes {
  /** The first instant that was examined, and the offset then. */
  readonly start: number;
  readonly offset: number;
  readonly changes: readonly Change[];
}

const STEP = 14 * 24 * HOUR;

/** Returns the changes of the offset, null if the platform does not have the zone. Two changes are at least two weeks apart. */
function changesOf(zone: string, firstYear: number): Changes | null {
  const start = localMillis(firstYear, 1, 1);
  const end = localMillis(firstYear + YEARS, 1, 1);
  const offset = offsetAt(zone, start);
  if (offset === null) return null;
  const changes: Change[] = [];
  let from = offset;
  for (let at = start + STEP; at <= end; at += STEP) {
    const to = offsetAt(zone, at) ?? from;
    if (to !== from) changes.push({ instant: firstInstantWith(zone, to, at - STEP, at), from, to });
    from = to;
  }
  return { start, offset, changes };
}

/** Bisects to the second. */
function firstInstantWith(zone: string, offset: number, before: number, after: number): number {
  let [low, high] = [before, after];
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (offsetAt(zone, middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

/** Returns milliseconds east of UTC. */
export function offsetAt(zone: string, instant: number): number | null {
  const local = parseLocal(localAt(instant, zone, []) ?? '');
  return local === null ? null : local - instant;
}

/** Returns whether the block has these changes and no others. */
function hasRules(block: string, zone: string, { start, offset, changes }: Changes): boolean {
  const rules = readZoneRules(block);
  if (rules === null || rules.offsetAt(start) !== offset) return false;
  const isSame = changes.every(
    ({ instant, from, to }) => rules.offsetAt(instant - 1000) === from && rules.offsetAt(instant) === to,
  );
  const steps = Array.from({ length: (YEARS * 365) / 14 }, (_, step) => start + step * STEP);
  return isSame && steps.every((instant) => rules.offsetAt(instant) === offsetAt(zone, instant));
}

/** Returns a block that lists the dates of the changes, one observance for each pair of offsets. */
function explicitBlock(tzid: string, { start, offset, changes }: Changes): ContentLine[] {
  const pairs = new Map<string, Change[]>();
  for (const change of changes) {
    const key = `${change.from} ${change.to}`;
    pairs.set(key, [...(pairs.get(key) ?? []), change]);
  }
  const first = { instant: start - offset, from: offset, to: offset };
  return [
    makeLine('BEGIN', [], 'VTIMEZONE'),
    makeLine('TZID', [], tzid),
    ...[[first], ...pairs.values()].flatMap(observance),
    makeLine('END', [], 'VTIMEZONE'),
  ];
}

function observance(changes: readonly Change[]): ContentLine[] {
  const [first, ...others] = changes;
  if (first === undefined) return [];
  const name = first.to > first.from ? 'DAYLIGHT' : 'STANDARD';
  // RFC 5545 §3.6.5: the dates are local times with the offset before the change.
  const local = ({ instant, from }: Change): string => formatLocal(instant + from);
  return [
    makeLine('BEGIN', [], name),
    makeLine('DTSTART', [], local(first)),
    makeLine('TZOFFSETFROM', [], formatOffset(first.from)),
    makeLine('TZOFFSETTO', [], formatOffset(first.to)),
    ...(others.length > 0 ? [makeLine('RDATE', [], others.map(local).join(','))] : []),
    makeLine('END', [], name),
  ];
}

/** RFC 5545 §3.3.14. */
function formatOffset(offset: number): string {
  const minutes = Math.abs(Math.round(offset / 60_000));
  const digits = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}${digits(minutes % 60)}`;
}

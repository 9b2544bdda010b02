// Converts between local times and instants. In: a local time and a TZID; out: an instant, an IANA name or a CalendarTime. A TZID
// that identifies an IANA zone, in any form that clients write, takes precedence over the calendar's VTIMEZONE: laws change the
// rules of zones, and a client's copy is more often outdated than the platform's. The VTIMEZONE is used for other TZIDs. It
// refuses (null) an unknown zone.
import { findIana } from 'windows-iana';
import { GatewayError } from '../errors.ts';
import { DAY, formatLocal, parseLocal } from './local-time.ts';
import { zoneOfDisplayName } from './outlook-zones.ts';
import type { CalendarTime } from './types.ts';
import { readZoneRules, type ZoneRules } from './vtimezone.ts';

type OffsetAt = (instant: number) => number | null;

/**
 * Returns the instant (in milliseconds since 1970) of a local time `YYYYMMDDTHHMMSS` in the zone `tzid`. `vtimezones` are the
 * VTIMEZONEs of the calendar. A time in a DST gap uses the offset before the gap; of a repeated hour, the first is meant (RFC
 * 5545 §3.3.5). Returns null if the time is invalid or the zone unknown.
 */
export function resolveLocal(local: string, tzid: string, vtimezones: readonly string[]): number | null {
  const wall = parseLocal(local);
  if (wall === null) return null;
  const offsetAt = offsetsOf(tzid, vtimezones);
  return offsetAt && instantOf(wall, offsetAt);
}

/** Returns the local time `YYYYMMDDTHHMMSS` of an instant in the zone `tzid`, null if the zone is unknown. */
export function localAt(instant: number, tzid: string, vtimezones: readonly string[]): string | null {
  const offset = offsetsOf(tzid, vtimezones)?.(instant) ?? null;
  return offset === null ? null : formatLocal(instant + offset);
}

/**
 * Reads the value of a property such as DTSTART with its TZID and VALUE. Returns null if it is invalid. A TZID on a UTC time or
 * a date is ignored (RFC 5545 §3.2.19).
 */
export function readTime(
  value: string,
  params: { readonly tzid?: string | null; readonly valueType?: string | null },
  vtimezones: readonly string[],
): CalendarTime | null {
  const text = value.trim().toUpperCase();
  const utc = text.endsWith('Z');
  const local = utc ? text.slice(0, -1) : text;
  const wall = parseLocal(local);
  if (wall === null) return null;
  if (local.length === 8 || params.valueType?.toUpperCase() === 'DATE') {
    return { form: 'date', local: local.slice(0, 8), zone: null, instant: null };
  }
  if (utc) return { form: 'zoned', local, zone: 'UTC', instant: wall };
  const tzid = params.tzid ?? null;
  if (tzid === null || tzid.trim() === '') return { form: 'floating', local, zone: null, instant: null };
  return { form: 'zoned', local, zone: zoneName(tzid, vtimezones), instant: resolveLocal(local, tzid, vtimezones) };
}

const REGISTRY_PREFIX = /^\/[^/]+\//;

/**
 * Returns the IANA name of a TZID, which may be an IANA name, an old alias, a Windows name (Notes omits "Standard Time"), a
 * display name of Outlook, or one of these with the prefix of a vendor. Returns null for another TZID.
 */
export function ianaZone(tzid: string): string | null {
  const name = tzid.trim().replace(/^"(.*)"$/, '$1');
  if (name === '' || name.length > 200) return null;
  const known = nameCache.get(name);
  if (known !== undefined) return known;
  const zone = zoneNamed(name) ?? (REGISTRY_PREFIX.test(name) ? zoneBehindPrefix(name) : null);
  if (nameCache.size >= 1000) nameCache.clear();
  nameCache.set(name, zone);
  return zone;
}

/** Cached, because looking up an unknown name is slow, and an event repeats its few names thousands of times. */
const nameCache = new Map<string, string | null>();

function zoneNamed(name: string): string | null {
  const plain = name.replace(/^\((?:UTC|GMT)[^)]*\)\s*/, '');
  return (
    platformName(plain) ??
    findIana(plain)[0] ??
    findIana(`${plain} Standard Time`)[0] ??
    zoneOfDisplayName(plain) ??
    (plain === 'tzone://Microsoft/Utc' ? 'UTC' : platformName(plain.replace('-', '/')))
  );
}

/** Reads names such as `/mozilla.org/20050126_1/Europe/Berlin` or `/freeassociation.sourceforge.net/Tzfile/Europe/Berlin`. */
function zoneBehindPrefix(name: string): string | null {
  const segments = name.split('/').slice(2);
  for (let first = 0; first < Math.min(segments.length, 4); first++) {
    const zone = zoneNamed(segments.slice(first).join('/'));
    if (zone !== null) return zone;
  }
  return null;
}

const IANA_ABBREVIATIONS = new Set('UTC GMT UCT CET MET EET WET EST MST HST PRC ROC ROK'.split(' '));

/**
 * Returns the platform's spelling of a name in any case. A name that the platform only replaces by an alias (Asia/Kolkata) is
 * kept. Abbreviations that are not IANA names are refused, because the platform maps them to one of several zones: BST to
 * Asia/Dhaka.
 */
function platformName(name: string): string | null {
  if (/^[A-Z]{3}$/i.test(name) && !IANA_ABBREVIATIONS.has(name.toUpperCase())) return null;
  const known = formatterOf(name)?.resolvedOptions().timeZone;
  if (known === undefined) return null;
  return known.toLowerCase() === name.toLowerCase() ? known : name;
}

function zoneName(tzid: string, vtimezones: readonly string[]): string {
  if (!isAbbreviation(tzid) || !rulesOf(tzid, vtimezones)) {
    const zone = ianaZone(tzid) ?? ianaZone(rulesOf(tzid, vtimezones)?.licLocation ?? '');
    if (zone !== null) return zone;
  }
  return tzid;
}

/** For an abbreviation such as `EST` or `IST`, which many zones share, the calendar's VTIMEZONE takes precedence. */
function isAbbreviation(tzid: string): boolean {
  return /^[A-Z]{3,4}$/.test(tzid) && !['UTC', 'GMT'].includes(tzid);
}

function offsetsOf(tzid: string, vtimezones: readonly string[]): OffsetAt | null {
  const rules = rulesOf(tzid, vtimezones);
  if (rules && isAbbreviation(tzid)) return rules.offsetAt;
  const zone = ianaZone(tzid) ?? (rules?.licLocation ? ianaZone(rules.licLocation) : null);
  const formatter = zone === null ? null : formatterOf(zone);
  if (formatter) return (instant) => wallClock(instant, formatter) - Math.floor(instant / 1000) * 1000;
  return rules?.offsetAt ?? null;
}

function instantOf(wall: number, offsetAt: OffsetAt): number | null {
  const before = offsetAt(wall - DAY);
  const after = offsetAt(wall + DAY);
  if (before === null || after === null) return null;
  if (before === after || offsetAt(wall - before) === before) return wall - before;
  if (offsetAt(wall - after) === after) return wall - after;
  return wall - before;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Cached, because creating a formatter takes a thousand times as long as using it. Unknown names are not cached. */
function formatterOf(zone: string): Intl.DateTimeFormat | null {
  const known = formatters.get(zone);
  if (known) return known;
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(zone)) return null;
  try {
    const formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formatters.size < 2000) formatters.set(zone, formatter);
    return formatter;
  } catch {
    return null;
  }
}

const CLOCK = /^(\d+)\/(\d+)\/(\d+) ([AB])\D*, (\d+):(\d+):(\d+)$/;

function wallClock(instant: number, formatter: Intl.DateTimeFormat): number {
  const fields = CLOCK.exec(formatter.format(instant));
  if (!fields) throw new GatewayError('internal', 'the platform formats dates in an unexpected way');
  const [, month, day, year, era, hour, minute, second] = fields;
  const signedYear = era === 'A' ? Number(year) : 1 - Number(year);
  const midnight = new Date(0).setUTCFullYear(signedYear, Number(month) - 1, Number(day));
  return midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
}

/** The rules by TZID. Cached per list of VTIMEZONEs, so that a list of thousands is parsed only once. */
const rulesByCalendar = new WeakMap<readonly string[], ReadonlyMap<string, ZoneRules>>();

function rulesOf(tzid: string, vtimezones: readonly string[]): ZoneRules | null {
  if (vtimezones.length === 0) return null;
  const rules = rulesByCalendar.get(vtimezones) ?? readZones(vtimezones);
  rulesByCalendar.set(vtimezones, rules);
  return rules.get(tzid.trim()) ?? null;
}

/** Keeps the first of several VTIMEZONEs with the same TZID. */
function readZones(vtimezones: readonly string[]): ReadonlyMap<string, ZoneRules> {
  const rules = vtimezones.flatMap((text) => readZone(text) ?? []);
  return new Map(rules.toReversed().map((each) => [each.tzid, each]));
}

const zoneCache = new Map<string, ZoneRules | null>();

/** Cached, because every answer contains the same VTIMEZONEs. */
function readZone(text: string): ZoneRules | null {
  const known = zoneCache.get(text);
  if (known !== undefined) return known;
  const rules = readZoneRules(text);
  if (zoneCache.size >= 64) zoneCache.clear();
  zoneCache.set(text, rules);
  return rules;
}

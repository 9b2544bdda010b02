// Local times and TZIDs come in; instants, IANA names and CalendarTimes go out. A TZID that names an IANA zone, in any
// of the ways clients write it, is that zone, whatever the calendar's VTIMEZONE says of it: zone rules change by law,
// and a client's copy is old more often than the platform's. Only where no such name is found do the calendar's own
// rules count. An unknown zone is null, never a guess.
import { findIana } from 'windows-iana';
import { GatewayError } from '../errors.ts';
import { DAY, formatLocal, parseLocal } from './local-time.ts';
import { zoneOfDisplayName } from './outlook-zones.ts';
import type { CalendarTime } from './types.ts';
import { readZoneRules, type ZoneRules } from './vtimezone.ts';

type OffsetAt = (instant: number) => number | null;

/**
 * The instant (ms since 1970) of a local time `YYYYMMDDTHHMMSS` in the zone `tzid`; `vtimezones` are the VTIMEZONE
 * components of the calendar it stands in. In a DST gap the offset before it counts, of a doubled hour the first
 * (RFC 5545 §3.3.5). Null where the text is no time or nobody knows the zone.
 */
export function resolveLocal(local: string, tzid: string, vtimezones: readonly string[]): number | null {
  const wall = parseLocal(local);
  if (wall === null) return null;
  const offsetAt = offsetsOf(tzid, vtimezones);
  return offsetAt && instantOf(wall, offsetAt);
}

/** The other way: `YYYYMMDDTHHMMSS` in a zone that may be known by the calendar's VTIMEZONE alone; null where unknown. */
export function localAt(instant: number, tzid: string, vtimezones: readonly string[]): string | null {
  const offset = offsetsOf(tzid, vtimezones)?.(instant) ?? null;
  return offset === null ? null : formatLocal(instant + offset);
}

/**
 * A DTSTART-like value with the parameters that matter; null where it is no date or time.
 * RFC 5545 §3.2.19: a TZID on a UTC time or a date means nothing.
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
 * The IANA name that a TZID means: itself, an old alias, a Windows name (with or without "Standard Time", as Notes
 * writes it), an Outlook display name, or any of them behind a vendor's prefix. Null where it means none.
 */
export function ianaZone(tzid: string): string | null {
  const name = tzid.trim().replace(/^"(.*)"$/, '$1');
  if (name === '' || name.length > 200) return null;
  const known = names.get(name);
  if (known !== undefined) return known;
  const zone = zoneNamed(name) ?? (REGISTRY_PREFIX.test(name) ? zoneBehindPrefix(name) : null);
  if (names.size >= 1000) names.clear();
  names.set(name, zone);
  return zone;
}

/** Looking a name up that is no zone is dear, and an event repeats its few names thousands of times. */
const names = new Map<string, string | null>();

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

/** `/mozilla.org/20050126_1/Europe/Berlin`, `/freeassociation.sourceforge.net/Tzfile/Europe/Berlin`, … */
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
 * The platform takes names in any case; what it only renames (Asia/Kolkata) keeps the name it came with. It also takes
 * abbreviations that no IANA zone bears, and guesses: BST would be Dhaka's.
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

/** `EST` and `IST` are names of many zones: there the calendar's own rules come first. */
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

/** One formatter per zone: to make one costs a thousand times what it costs to use it. Only names that exist are kept. */
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
  if (!fields) throw new GatewayError('internal', 'the platform formats dates in an unknown way');
  const [, month, day, year, era, hour, minute, second] = fields;
  const signedYear = era === 'A' ? Number(year) : 1 - Number(year);
  const midnight = new Date(0).setUTCFullYear(signedYear, Number(month) - 1, Number(day));
  return midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
}

/** By TZID, for each calendar's list of VTIMEZONEs: a list of thousands is not gone through for each of its times. */
const calendars = new WeakMap<readonly string[], ReadonlyMap<string, ZoneRules>>();

function rulesOf(tzid: string, vtimezones: readonly string[]): ZoneRules | null {
  if (vtimezones.length === 0) return null;
  const rules = calendars.get(vtimezones) ?? readZones(vtimezones);
  calendars.set(vtimezones, rules);
  return rules.get(tzid.trim()) ?? null;
}

/** Of several that say the same TZID the first. */
function readZones(vtimezones: readonly string[]): ReadonlyMap<string, ZoneRules> {
  const rules = vtimezones.flatMap((text) => readZone(text) ?? []);
  return new Map(rules.toReversed().map((each) => [each.tzid, each]));
}

const zones = new Map<string, ZoneRules | null>();

/** The same VTIMEZONEs come again with every answer: a few are kept as read. */
function readZone(text: string): ZoneRules | null {
  const known = zones.get(text);
  if (known !== undefined) return known;
  const rules = readZoneRules(text);
  if (zones.size >= 64) zones.clear();
  zones.set(text, rules);
  return rules;
}

// Checks the rules of time zones. In: the time and the version of Node's tzdata; out: whether another source, which was published
// at another time, has the same rules for the coming year. We use Node's rules for everything. Pure.
import { libraryBlocks, offsetAt } from '../../core/ical/write-vtimezone.ts';
import { DAY } from '../../core/ical/local-time.ts';
import { ianaZone } from '../../core/ical/time-zones.ts';
import { readZoneRules } from '../../core/ical/vtimezone.ts';
import { type CheckResult, ok, warning } from './check-result.ts';

const NAME = 'time zones';
const MAX_NAMED = 5;
const STEP = 14 * DAY;

/** `version` is that of Node's tzdata; `blocks` are the VTIMEZONEs to compare with, by zone. */
export function checkTimeZones(
  now: number,
  version = process.versions.tz ?? 'of an unknown version',
  blocks: ReadonlyMap<string, string> = libraryBlocks(),
): CheckResult {
  const published = publishedAt(blocks);
  const sources = `Node has tzdata ${version}; the rules to compare with are of ${published}`;
  const different = [...blocks].flatMap(([zone, block]) => (differsFromPlatform(zone, block, now) ? [zone] : []));
  if (different.length === 0) return ok(NAME, `${sources}, and are the same for the coming year`);
  const named = different.slice(0, MAX_NAMED).join(', ');
  const more = different.length > MAX_NAMED ? ` and ${different.length - MAX_NAMED} more` : '';
  const finding = `${sources}; they differ in the coming year for ${named}${more}`;
  if (isOlder(version, published)) {
    return warning(NAME, finding, 'update Node: times in these zones may be shown and sent wrong by an hour');
  }
  return warning(NAME, finding, 'nothing, if Node has the newer rules: only these are used');
}

/** The date of LAST-MODIFIED, such as `2026-07-15`. */
function publishedAt(blocks: ReadonlyMap<string, string>): string {
  const [, year, month, day] = /^LAST-MODIFIED:(\d{4})(\d\d)(\d\d)/m.exec(blocks.get('Europe/Paris') ?? '') ?? [];
  return year === undefined ? 'an unknown date' : `${year}-${month}-${day}`;
}

/** A version such as `2025c` names the year and the release in it, of which there are up to ten. */
function isOlder(version: string, published: string): boolean {
  return version.slice(0, 4) < published.slice(0, 4);
}

function differsFromPlatform(zone: string, block: string, now: number): boolean {
  const rules = readZoneRules(block);
  if (rules === null || ianaZone(zone) === null) return false;
  const instants = Array.from({ length: 27 }, (_, step) => now + step * STEP);
  return instants.some((instant) => rules.offsetAt(instant) !== offsetAt(zone, instant));
}

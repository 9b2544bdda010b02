// How CalDAV servers rewrite an event when they store it. In: the text of the PUT and of a later GET; out: the names of
// what differs. The sample event contains everything that some server is known to rewrite.

export const specimen = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//example.com//specimen//EN',
  'BEGIN:VEVENT',
  'UID:specimen',
  'DTSTAMP:20270101T000000Z',
  'SUMMARY:A title that is folded where this client likes ',
  ' to fold it and not at 75 octets',
  'DTSTART:20270301T100000Z',
  'DTEND:20270301T110000Z',
  'CATEGORIES:A,B\\,C',
  'X-EXAMPLE-NOTE;X-P=1:one, two; three',
  'ORGANIZER;CN="Alice, A.":mailto:alice@example.com',
  'ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION;CN="Guest";X-EXAM',
  ' PLE=1:mailto:guest@remote.test',
  'BEGIN:VALARM',
  'ACTION:DISPLAY',
  'DESCRIPTION:Soon',
  'TRIGGER:-PT10M',
  'END:VALARM',
  'BEGIN:X-EXAMPLE-PART',
  'X-EXAMPLE-INSIDE:yes',
  'END:X-EXAMPLE-PART',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

const unfolded = (text: string): string[] =>
  text
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/)
    .filter((line) => line !== '');
const lineOf = (text: string, name: string): string =>
  unfolded(text).find((line) => line.startsWith(`${name}:`) || line.startsWith(`${name};`)) ?? '';
const parametersOf = (text: string): string[] =>
  (/^ATTENDEE;(.*):mailto:/.exec(lineOf(text, 'ATTENDEE'))?.[1] ?? '').replaceAll('"', '').split(';');
const namesOf = (text: string): string =>
  unfolded(text)
    .map((line) => line.split(/[:;]/)[0])
    .join();
const sortedNames = (text: string): string => namesOf(text).split(',').sort().join();
const part = /^BEGIN:X-EXAMPLE-PART\r?\n[\s\S]*END:X-EXAMPLE-PART\r?\n/m;
const same = (read: (text: string) => unknown) => (before: string, after: string) =>
  JSON.stringify(read(before)) === JSON.stringify(read(after));

const checks: readonly (readonly [string, (before: string, after: string) => boolean])[] = [
  [
    'folds',
    (before, after) => after.replaceAll('\r', '').includes('\n to fold it') || !before.includes('\n to fold it'),
  ],
  [
    'property order',
    (before, after) => sortedNames(before) !== sortedNames(after) || namesOf(before) === namesOf(after),
  ],
  ['properties', same((text) => [...new Set(sortedNames(text.replace(part, '')).split(','))])],
  ['unknown components', (_before, after) => part.test(after)],
  [
    'parameter order',
    (before, after) =>
      [...parametersOf(before)].sort().join() !== [...parametersOf(after)].sort().join() ||
      same(parametersOf)(before, after),
  ],
  ['parameters', same((text) => [...parametersOf(text)].sort())],
  ['quotes', (_before, after) => lineOf(after, 'ATTENDEE').includes('CN="Guest"')],
  ['CATEGORIES', same((text) => lineOf(text, 'CATEGORIES'))],
  ['X- text', same((text) => lineOf(text, 'X-EXAMPLE-NOTE'))],
];

/** Returns the names of the `checks` that fail, in order. */
export function rewritingsOf(before: string, after: string): string[] {
  return checks.filter(([, kept]) => !kept(before, after)).map(([name]) => name);
}

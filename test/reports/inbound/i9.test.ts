// I9: Google writes comments with HTML entities. These are decoded once; comments of other clients are not decoded.
import { describe, expect, it } from 'vitest';
import { readMessage } from '../../../src/core/itip/read-message.ts';

const GOOGLE = 'PRODID:-//Google Inc//Google Calendar 70.9054//EN';
const OTHER = 'PRODID:-//Apple Inc.//macOS 15.0//EN';

function commentOf(method: string, prodid: string, ...lines: readonly string[]): string | null | undefined {
  const event = ['BEGIN:VEVENT', 'UID:a', 'DTSTART:20270202T100000Z', ...lines, 'END:VEVENT'];
  const text = ['BEGIN:VCALENDAR', prodid, `METHOD:${method}`, ...event, 'END:VCALENDAR', ''].join('\r\n');
  const [item] = readMessage(text, null).items;
  return item && 'comment' in item ? item.comment : undefined;
}

const bob = (comment: string): string =>
  `ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=${comment}:mailto:bob@remote.test`;
const YES = 'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@remote.test';

describe('I9: HTML entities in comments', () => {
  it.each([
    ['the &quot;long&quot; room', 'the "long" room'],
    ['I&rsquo\\;ll be late', 'I’ll be late'],
    ['I&rsquo;ll be late', 'I’ll be late'],
    ['I&#39;ll &#8211; perhaps &#x2013; come', "I'll – perhaps – come"],
    ['R&amp;D', 'R&D'],
    ['a &lt;b&gt; c', 'a <b> c'],
    ['Gr&uuml;&szlig;e', 'Grüße'],
    ['we wrote &amp;quot;', 'we wrote &quot;'],
    ['&amp;amp;lt;', '&amp;lt;'],
    ['AT&T, &copy=1, &nosuch;, &', 'AT&T, &copy=1, &nosuch;, &'],
    ['one\\ntwo\\, three', 'one\ntwo, three'],
    ['no entity', 'no entity'],
  ])('%s', (written, comment) => {
    expect(commentOf('REPLY', GOOGLE, bob(`"${written}"`))).toBe(comment);
    // Only Google has this parameter.
    expect(commentOf('REPLY', OTHER, bob(`"${written}"`))).toBe(comment);
    expect(commentOf('COUNTER', GOOGLE, bob(`"${written}"`))).toBe(comment);
  });

  it.each(['REPLY', 'COUNTER'])('in COMMENT of a %s by Google as well, and the same text counts once', (method) => {
    expect(commentOf(method, GOOGLE, 'COMMENT:I&rsquo\\;ll &amp;quot\\;', YES)).toBe('I’ll &quot;');
    expect(commentOf(method, GOOGLE, 'COMMENT:I&#39\\;ll', bob('"I&#39\\;ll"'))).toBe("I'll");
  });

  it('are kept in COMMENT of another client, because the person typed them', () => {
    expect(commentOf('REPLY', OTHER, 'COMMENT:Write &quot\\; for a quote', YES)).toBe('Write &quot; for a quote');
  });
});

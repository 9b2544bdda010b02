// Compares mails of real clients and mail systems with their expected items. Skipped if ../shared/corpora is absent.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { describeMail } from '../../../src/app/cli/describe-mail.ts';
import { BOUNCES, CALENDARS, MAILS } from './expected-corpora.ts';
import { summarise } from './summarise.ts';

const corpora = fileURLToPath(new URL('../../../../shared/corpora/', import.meta.url));
const absent = !existsSync(corpora);
if (absent) console.log(`test/core/message/corpora: skipped, ${corpora} is absent`);
const list = (folder: string, pattern: RegExp): string[] =>
  readdirSync(`${corpora}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .sort();

describe.skipIf(absent)('corpora/mail', () => {
  it('contains exactly the files of the tables', () => {
    expect(list('mail', /\.eml$/)).toEqual(Object.keys(MAILS).sort());
    expect(list('mail', /\.(?:ics|txt)$/)).toEqual(Object.keys(CALENDARS).sort());
  });

  it.each(Object.entries(MAILS))('%s', async (file, expected) => {
    const incoming = await interpretMail(readFileSync(`${corpora}mail/${file}`));
    expect([incoming.source, ...summarise(incoming)]).toEqual(expected);
    expect(describeMail(incoming)).toContain('Item:');
  });

  // These files are calendars without a mail, so each becomes the body of one.
  it.each(Object.entries(CALENDARS))('%s', async (file, expected) => {
    const head = 'From: guest@example.com\r\nContent-Type: text/calendar\r\nContent-Transfer-Encoding: 8bit\r\n\r\n';
    const incoming = await interpretMail(Buffer.concat([Buffer.from(head), readFileSync(`${corpora}mail/${file}`)]));
    expect(summarise(incoming)).toEqual(expected);
  });
});

describe.skipIf(absent)('corpora/bounces', () => {
  it('are recognised, with the expected number of each kind', async () => {
    const shares: Record<string, number> = {};
    const others: Record<string, string> = {};
    let withRecipient = 0;
    for (const file of list('bounces', /\.eml$/)) {
      const { items } = await interpretMail(readFileSync(`${corpora}bounces/${file}`));
      const [item] = items;
      const kind = item?.kind === 'bounce' ? `bounce ${item.action}` : (item?.kind ?? '');
      shares[kind] = (shares[kind] ?? 0) + 1;
      if (item?.kind !== 'bounce') others[file] = kind;
      else if (item.recipient !== null) withRecipient++;
    }
    console.log('test/core/message/corpora: bounces', shares, { withRecipient });
    expect({ ...shares, withRecipient }).toEqual(BOUNCES.shares);
    expect(others).toEqual(BOUNCES.noBounce);
  });
});

// CONTRIBUTING.md shows what the program prints: its `inspect` block is the output for that mail, and the labels of its `why`
// block are those that `why` prints.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeEntries } from '../../src/app/cli/describe-entries.ts';
import { describeMail } from '../../src/app/cli/describe-mail.ts';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('CONTRIBUTING.md', root), 'utf8');

it('shows the output of inspect', async () => {
  const [, file = '', shown = ''] = /^\$ npx imip-gateway inspect (\S+)\n([^]*?)```$/m.exec(page) ?? [];
  const mail = await interpretMail(readFileSync(new URL(file, root)));
  expect(shown.trim()).toBe(describeMail(mail).trim());
});

it('shows the labels of why', () => {
  const [, shown = ''] = /^\$ npx imip-gateway why .*\n([^]*?)…\n```$/m.exec(page) ?? [];
  const labels = (text: string): string[] =>
    [...text.matchAll(/^ {2}([a-z][\w ]*): /gm)].map(([, label]) => label ?? '');
  const entry = {
    recordId: 'r',
    messageId: '<m@example.com>',
    at: 0,
    door: 'smtp',
    organizer: 'alice@example.com',
    attendee: 'bob@example.com',
    uid: 'planning-1@example.com',
    recurrenceId: null,
    taskId: 't',
    verdict: 'held',
    reason: 'unauthenticated',
    detail: 'The sender is not proven to be bob@example.com.',
  } as const;
  expect(labels(shown).length).toBeGreaterThan(4);
  expect(labels(shown)).toEqual(labels(describeEntries([entry])));
});

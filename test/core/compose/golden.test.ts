// Compares every kind of mail with what was reviewed: in English byte by byte, in the other languages the subject and the text
// part, a file per language. After a change, run UPDATE_GOLDEN=1 npx vitest run test/core/compose/golden.test.ts, and review
// the difference.
import { readFileSync, writeFileSync } from 'node:fs';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { composeInvitation } from '../../../src/core/compose/compose-invitation.ts';
import { composeNotice } from '../../../src/core/compose/compose-notice.ts';
import { invitations, namedInvitation, namedNotice, notices } from './kinds.ts';
import { loadTemplates } from './samples.ts';

const folder = new URL('golden/', import.meta.url);
const names = [...Object.keys(invitations), ...Object.keys(notices)];
const templates = await loadTemplates();

/** The English files. A change of one template concerns one or two of them, a change of the layout all. */
const englishFiles: Readonly<Record<string, RegExp>> = {
  'en-invitations.eml.txt': /^(?:invitation|own$)/,
  'en-updates.eml.txt': /^(?:update|refresh)/,
  'en-cancellations.eml.txt': /^cancel/,
  'en-replies.eml.txt': /^(?:reply|counter|decline)$/,
  'en-answers.eml.txt': /^notice-(?:answer|digest)/,
  'en-questions.eml.txt': /^notice-(?:held|waiting|proposal|delegation)/,
  'en-failures.eml.txt': /^notice-(?:not-entered|not-written|quota|undeliverable)/,
};

interface GoldenFile {
  readonly file: string;
  readonly samples: readonly string[];
  readonly encoding: 'latin1' | 'utf8';
  render(name: string): Promise<string>;
}

const goldenFiles: readonly GoldenFile[] = [
  ...Object.entries(englishFiles).map(([file, pattern]) => ({
    file,
    samples: names.filter((name) => pattern.test(name)),
    encoding: 'latin1' as const,
    render: async (name: string) => Buffer.from(compose(name, 'en')).toString('latin1'),
  })),
  ...['fr', 'nl', 'de', 'es', 'it'].map((language) => ({
    file: `${language}.txt`,
    samples: names,
    encoding: 'utf8' as const,
    async render(name: string) {
      const mail = await simpleParser(Buffer.from(compose(name, language)), { skipTextToHtml: true });
      return `Subject: ${mail.subject}\n\n${mail.text?.trimEnd()}\n\n`;
    },
  })),
];

function compose(name: string, language: string): Uint8Array {
  const { raw } =
    name in invitations
      ? composeInvitation(namedInvitation(name, { language }), templates)
      : composeNotice(namedNotice(name, { language }), templates);
  return raw;
}

/** A line before each sample has its name. */
const heading = (name: string): string => `########## ${name} ##########\n`;

function parse(text: string): Map<string, string> {
  const [, ...parts] = text.split(/^#{10} (\S+) #{10}\n/m);
  return new Map(Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at] ?? '', parts[2 * at + 1] ?? '']));
}

it('every sample is in one English file', () => {
  expect(goldenFiles.flatMap(({ file, samples }) => (file.startsWith('en-') ? samples : [])).toSorted()).toEqual(
    names.toSorted(),
  );
});

describe.each(goldenFiles)('golden mails, $file', ({ file, samples, encoding, render }) => {
  const url = new URL(file, folder);
  const update = async (): Promise<void> => {
    const parts = await Promise.all(samples.map(async (name) => heading(name) + (await render(name))));
    writeFileSync(url, parts.join(''), encoding);
  };

  it('has these samples and no others', async () => {
    if (process.env['UPDATE_GOLDEN']) await update();
    expect([...parse(readFileSync(url, encoding)).keys()]).toEqual(samples);
  });

  it.each(samples)('%s', async (name) => {
    expect(await render(name)).toBe(parse(readFileSync(url, encoding)).get(name));
  });
});

// Compares every kind of mail in every language with a reviewed file, byte by byte. After a change, run
// UPDATE_GOLDEN=1 npx vitest run test/core/compose/golden.test.ts, and review the difference.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeInvitation } from '../../../src/core/compose/compose-invitation.ts';
import { composeNotice } from '../../../src/core/compose/compose-notice.ts';
import type { Templates } from '../../../src/core/compose/types.ts';
import { invitations, namedInvitation, namedNotice, notices } from './kinds.ts';
import { loadTemplates } from './samples.ts';

const folder = new URL('golden/', import.meta.url);

describe('golden mails', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });

  const names = [...Object.keys(invitations), ...Object.keys(notices)];
  const cases = ['en', 'fr', 'nl', 'de', 'es', 'it'].flatMap((language) =>
    names.map((name) => [language, name] as const),
  );

  it.each(cases)('%s %s', async (language, name) => {
    const mail =
      name in invitations
        ? composeInvitation(namedInvitation(name, { language }), templates)
        : composeNotice(namedNotice(name, { language }), templates);
    const file = new URL(`${language}/${name}.eml`, folder);
    if (process.env['UPDATE_GOLDEN']) {
      await mkdir(new URL(`${language}/`, folder), { recursive: true });
      await writeFile(file, mail.raw);
    }
    expect(Buffer.from(mail.raw).toString('latin1')).toBe(await readFile(file, 'latin1'));
  });
});

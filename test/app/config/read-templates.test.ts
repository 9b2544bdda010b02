// Reading templates: those of the package, and overrides.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';

describe('readTemplates', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'templates-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('reads the templates of the package, which compile', async () => {
    const files = await readTemplates(null);
    expect([...files.keys()]).toEqual(expect.arrayContaining(['en.json', 'fr.json']));
    expect(compileTemplates(files).languages).toEqual(expect.arrayContaining(['en', 'fr']));
  });

  it('replaces single files with those in TEMPLATES_DIR', async () => {
    await mkdir(join(directory, 'mail'));
    await writeFile(join(directory, 'mail', 'invitation.txt'), 'mine');
    await writeFile(join(directory, 'fr.json'), '{"mail":{"untitled":"(rien)"}}');
    await writeFile(join(directory, 'README.md'), 'not a template');
    const files = await readTemplates(directory);
    const own = await readTemplates(null);
    expect(files.get('mail/invitation.txt')).toBe('mine');
    expect(files.get('fr.json')).toBe(own.get('fr.json'));
    expect(compileTemplates(files).message('fr', 'mail.untitled')).toBe('(rien)');
    expect(files.size).toBe(new Set([...own.keys(), 'mail/invitation.txt', 'overrides/fr.json']).size);
  });

  it('follows links to files and ignores hidden directories', async () => {
    await mkdir(join(directory, '..data'));
    await writeFile(join(directory, '..data', 'nl.json'), '{"mail":{}}');
    await symlink(join(directory, '..data', 'nl.json'), join(directory, 'nl.json'));
    const files = await readTemplates(directory);
    expect(files.get('overrides/nl.json')).toBe('{"mail":{}}');
    expect([...files.keys()].filter((name) => name.includes('..data'))).toEqual([]);
  });

  it('throws if the directory does not exist', async () => {
    await expect(readTemplates(join(directory, 'gone'))).rejects.toMatchObject({ code: 'template-invalid' });
  });
});

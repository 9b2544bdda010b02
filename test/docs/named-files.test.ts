// Checks that the files, folders, links and npm scripts exist that the pages for contributors and operators name.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe.each(['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/callback-api.md'])('%s', (page) => {
  const text = read(page);
  const matches = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found ?? '');

  it('names files that exist', () => {
    const paths = matches(/`((?:\.ci|docs|fixtures|src|templates|test)\/[\w./-]+)`/g).filter(
      (path) => !path.includes('<'),
    );
    // The example in the recipe for a language.
    const missing = paths.filter((path) => !/\bpl\b/.test(path) && !existsSync(new URL(path, root)));
    expect(missing).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = matches(/\]\((?!https?:)([^)#]+)/g).filter((link) => !existsSync(new URL(link, new URL(page, root))));
    expect(links, fileURLToPath(new URL(page, root))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const named = matches(/\bnpm run ([\w:]+)/g);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

// The coverage table lists every RFC section that the source cites, and the files in the table exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const README = readFileSync(new URL('src/core/itip/README.md', ROOT), 'utf8');
const CITATION = /RFC (\d{4}) §(\d+(?:\.\d+)*)/g;

function citationsIn(text: string): string[] {
  return [...text.matchAll(CITATION)].map(([, rfc, section]) => `RFC ${rfc} §${section}`);
}

const sources = readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const listed = new Set(citationsIn(README));

describe('src/core/itip/README.md', () => {
  it.each(sources)('lists the sections cited in src/%s', (name) => {
    const cited = citationsIn(readFileSync(new URL(`src/${name}`, ROOT), 'utf8'));
    expect(cited.filter((citation) => !listed.has(citation))).toEqual([]);
  });

  it('names only files that exist', () => {
    const named = [...README.matchAll(/`((?:src|test|fixtures)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !existsSync(new URL(name, ROOT)))).toEqual([]);
    const scripts = [...README.matchAll(/`([\w.-]+\.txt)`/g)].map((match) => match[1] ?? '');
    expect(scripts.filter((name) => !existsSync(new URL(`fixtures/itip/${name}`, ROOT)))).toEqual([]);
  });

  it('has yes, partial or no in each row', () => {
    const rows = README.split('\n').filter((line) => line.startsWith('| RFC '));
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows) expect(row).toMatch(/\| (yes|partial|no) \|/);
  });
});

// Checks rules about file names and errors. Imports: architecture.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
const source = (file: string): string => readFileSync(join(root, file), 'utf8');
const code = (file: string): string => source(file).replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '');

describe('names and errors', () => {
  it.each(files('src'))('%s', (file) => {
    expect(file).toMatch(/^src(\/[a-z0-9-]+)+(\.d)?\.ts$/);
    expect(file).not.toMatch(/util|helper|manager|service|index\.ts/);
    expect(code(file)).not.toMatch(/throw new Error\(|\bas any\b|: any\b|^export default|\bTODO\b|\bFIXME\b/);
    expect(source(file).replace(/^#!.*\n/, ''), `${file} opens by saying what it does`).toMatch(/^\/\//);
  });

  it('reads the environment in one file', () => {
    expect(files('src').filter((file) => source(file).includes('process.env'))).toEqual(['src/app/cli/cli.ts']);
  });
});

describe('a unit test', () => {
  it('measures no time, which depends on what else the machine does: it counts, or test/bench measures', () => {
    const tests = files('test').filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/system/'));
    const timed = /\bcpuUsage\(|\b(?:performance|Date)\.now\(\) - [a-z]/;
    expect(tests.filter((file) => timed.test(code(file)))).toEqual([]);
  });
});

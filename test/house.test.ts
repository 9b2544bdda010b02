// The rules of the house that a machine can check: who may import what, and how files are named.
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
const imports = (file: string): string[] =>
  [...source(file).matchAll(/^(?:import|export)\b[^;'=()]*'([^']+)';$/gm)].map(([, name]) => name ?? '');

const pureRooms = ['ical', 'itip', 'message', 'compose', 'pages', 'signing'];
/** Node's own modules that reach neither socket, file, clock nor environment. */
const pureNode = new Set([
  'node:buffer',
  'node:crypto',
  'node:string_decoder',
  'node:url',
  'node:util',
  'node:zlib',
  'node:stream',
]);
const upper = ['app', 'doors', 'adapters', 'flow', 'playground'];

describe.each(pureRooms)('src/core/%s is pure', (room) => {
  it.each(files(`src/core/${room}`))('%s', (file) => {
    expect(code(file)).not.toMatch(
      /\bDate\.now\(|new Date\(\)|process\.(env|hrtime)|performance\.now|Math\.random|randomBytes|randomUUID|setTimeout|fetch\(/,
    );
    for (const name of imports(file)) {
      if (name.startsWith('node:')) expect(pureNode, `${file} imports ${name}`).toContain(name);
      expect(
        upper.some((layer) => name.includes(`/${layer}/`)),
        `${file} imports ${name}`,
      ).toBe(false);
    }
  });
});

describe('src/flow imports no adapter and no door', () => {
  it.each(files('src/flow'))('%s', (file) => {
    for (const name of imports(file)) expect(name, file).not.toMatch(/\/(adapters|doors)\//);
  });
});

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

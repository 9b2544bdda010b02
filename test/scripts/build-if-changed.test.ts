// scripts/build-if-changed.mjs in a small checkout of its own: what it builds, and what it leaves alone.
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('build-if-changed', () => {
  let folder: string;
  const at = (path: string): string => join(folder, path);
  const write = (path: string, text: string): void => writeFileSync(at(path), text);
  const built = (): string => readFileSync(at('dist/main.js'), 'utf8');
  /** Another folder has another number, even where its files are the same. */
  const identity = (): number => statSync(at('dist')).ino;

  async function run(...args: string[]): Promise<{ code: number; said: string }> {
    return promisify(execFile)(process.execPath, [at('scripts/build-if-changed.mjs'), ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
    );
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'build-if-changed-'));
    for (const name of ['src', 'node_modules']) mkdirSync(at(name));
    cpSync(join(root, 'scripts'), at('scripts'), { recursive: true });
    symlinkSync(join(root, 'node_modules/typescript'), at('node_modules/typescript'));
    const compilerOptions = { outDir: 'dist', rootDir: 'src', target: 'es2023', types: [] };
    write('tsconfig.json', '{}');
    write('tsconfig.build.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    write('package-lock.json', '{}');
    write('src/main.ts', 'export const version: number = 1;\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('builds where there is no dist/, also for two starts at once', async () => {
    const both = await Promise.all([run(), run()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(built()).toContain('version = 1');
    expect(readdirSync(folder).filter((name) => name.startsWith('.dist'))).toEqual([]);
  });

  it('touches nothing where the sources are the same, though they are newer', async () => {
    const before = identity();
    utimesSync(at('src/main.ts'), new Date(), new Date(Date.now() + 60_000));
    expect(await run()).toEqual({ code: 0, said: '' });
    expect(identity()).toBe(before);
  });

  it('builds again where a source has changed, and leaves no output of one that is gone', async () => {
    write('src/gone.ts', 'export {};\n');
    await run();
    expect(existsSync(at('dist/gone.js'))).toBe(true);
    rmSync(at('src/gone.ts'));
    write('src/main.ts', 'export const version: number = 2;\n');
    expect((await run()).code).toBe(0);
    expect(built()).toContain('version = 2');
    expect(existsSync(at('dist/gone.js'))).toBe(false);
  });

  it('keeps the dist/ that is there where the sources do not compile', async () => {
    const before = identity();
    write('src/main.ts', 'export const version: number = "three";\n');
    const { code, said } = await run();
    expect(code).not.toBe(0);
    expect(said).toContain('src/main.ts');
    expect(identity()).toBe(before);
    expect(built()).toContain('version = 2');
  });

  it('goes on after a build that was killed', async () => {
    write('src/main.ts', 'export const version: number = 4;\n');
    write('.dist-lock', '999999999');
    mkdirSync(at('.dist-new'));
    expect((await run()).code).toBe(0);
    expect(built()).toContain('version = 4');
    expect(readdirSync(folder).filter((name) => name.startsWith('.dist'))).toEqual([]);
  });

  it('takes dist/ as it is where there are no sources, and says so where there is none', async () => {
    rmSync(at('src'), { recursive: true });
    const before = identity();
    expect(await run()).toEqual({ code: 0, said: '' });
    expect(identity()).toBe(before);
    rmSync(at('dist'), { recursive: true });
    expect(await run()).toEqual({ code: 1, said: expect.stringContaining('cannot be built') });
  });
});

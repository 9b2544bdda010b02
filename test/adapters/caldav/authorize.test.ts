// The request headers of each CALDAV_AUTH method, and reloading the accounts file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openAuthorization } from '../../../src/adapters/caldav/authorize.ts';
import { address, alice, bob } from './store-contract.ts';

const url = 'http://caldav:80';

it.each([
  [{ kind: 'api-key', key: 'k' } as const, { 'X-Api-Key': 'k', 'X-Forwarded-User': 'Alice@Example.com' }, 'organizer'],
  [{ kind: 'ls', key: 'k' } as const, { 'X-LS-Api-Key': 'k', 'X-LS-User': 'Alice@Example.com' }, 'organizer'],
  [{ kind: 'remote-user', header: 'X-Remote-User' } as const, { 'X-Remote-User': 'Alice@Example.com' }, 'organizer'],
  [
    { kind: 'remote-user', header: 'Authorize-As', username: 'svc', password: 'p' } as const,
    { Authorization: 'Basic c3ZjOnA=', 'Authorize-As': 'Alice@Example.com' },
    'organizer',
  ],
  [
    { kind: 'basic', username: 'svc', password: 'ü:p' } as const,
    { Authorization: 'Basic c3ZjOsO8OnA=' },
    'service-account',
  ],
])('%j', (auth, headers, actsAs) => {
  expect(openAuthorization(url, auth)(address('Alice@Example.com'))).toEqual({ url, headers, actsAs });
});

describe('the accounts file', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function fileWith(content: unknown): string {
    const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
    folders.push(folder);
    const file = join(folder, 'accounts.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }

  it('gives each organizer an account, on another server if it names one', () => {
    const file = fileWith({
      'alice@example.com': { username: 'a', password: 'b' },
      'mailto:BOB@example.com': { url: 'https://other.test/dav/', username: 'c', password: 'd' },
    });
    const authorize = openAuthorization(url, { kind: 'accounts', file });
    expect(authorize(address('ALICE@example.com'))).toEqual({
      url,
      headers: { Authorization: 'Basic YTpi' },
      actsAs: 'organizer',
    });
    expect(authorize(bob).url).toBe('https://other.test/dav/');
    expect(() => authorize(address('carol@example.com'))).toThrow(
      expect.objectContaining({ code: 'caldav-unauthorized', temporary: true }),
    );
  });

  it('is reloaded when it changes, and the old accounts stay in force while it is invalid', () => {
    const file = fileWith({ 'alice@example.com': { username: 'a', password: 'b' } });
    const authorize = openAuthorization(url, { kind: 'accounts', file });
    authorize(alice);
    writeFileSync(file, '{"alice@example.com": {"username": "a", "password": "top secret",,');
    expect(authorize(alice).headers).toEqual({ Authorization: 'Basic YTpi' });
    expect(() => authorize(bob)).toThrow(/has not been reloaded/);
    expect(() => authorize(bob)).not.toThrow(/secret/);
    writeFileSync(file, JSON.stringify({ 'bob@example.com': { username: 'longer', password: 'one' } }));
    expect(authorize(bob).headers).toEqual({ Authorization: 'Basic bG9uZ2VyOm9uZQ==' });
    expect(() => authorize(alice)).toThrow(/no account for alice@example.com/);
  });

  it.each([
    ['not JSON', '{'],
    ['not an object', '[]'],
    ['not a mail address', { nobody: { username: 'a', password: 'b' } }],
    ['no password', { 'alice@example.com': { username: 'a' } }],
    ['a URL that is not HTTP', { 'alice@example.com': { url: 'ftp://x', username: 'a', password: 'b' } }],
    ['an unknown field', { 'alice@example.com': { user: 'a', username: 'a', password: 'b' } }],
  ])('is refused at start-up: %s', (_what, content) => {
    const file = fileWith(content);
    expect(() => openAuthorization(url, { kind: 'accounts', file })).toThrow(
      expect.objectContaining({ code: 'config-invalid' }),
    );
  });

  it('is refused at start-up if it is missing', () => {
    expect(() => openAuthorization(url, { kind: 'accounts', file: '/nowhere/accounts.json' })).toThrow(/accounts.json/);
  });
});

// Makes the lines of a check. An error that a link did not foresee fails that link with its message, and none after it.
import type { Link, LinkStatus } from './types.ts';

type MakeLink = (name: string, said: string, ...todo: string[]) => Link;

const make =
  (status: LinkStatus): MakeLink =>
  (name, said, ...todo) => ({ name, status, said, todo });

export const ok = make('ok');
export const failed = make('failed');
export const attention = make('attention');
export const skipped = make('skipped');

export async function tryLink(name: string, check: () => Promise<Link>, ...todo: string[]): Promise<Link> {
  try {
    return await check();
  } catch (error) {
    return failed(name, messageOf(error), ...todo);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// The results of `imip-gateway check`: one per part of the set-up. In: what a check found and what to do about it, or the
// error that it threw; out: its result.

/**
 * `ok`: it works. `failed`: it does not work, and mails or answers get lost or refused. `warning`: it works, but something
 * should be changed. `skipped`: it was not checked.
 */
export type CheckStatus = 'ok' | 'failed' | 'warning' | 'skipped';

export interface CheckResult {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, in one sentence. */
  readonly finding: string;
  /** What to do, one step per line. A DNS record to publish has its own line. */
  readonly todo: readonly string[];
}

/** Receives each result as soon as there is one. */
export type Report = (result: CheckResult) => void;

type MakeResult = (name: string, finding: string, ...todo: string[]) => CheckResult;

const make =
  (status: CheckStatus): MakeResult =>
  (name, finding, ...todo) => ({ name, status, finding, todo });

export const ok = make('ok');
export const failed = make('failed');
export const warning = make('warning');
export const skipped = make('skipped');

/** Returns a failed result with `todo` if the check throws, so that the other checks still run. */
export async function catchFailure(
  name: string,
  check: () => Promise<CheckResult>,
  ...todo: string[]
): Promise<CheckResult> {
  try {
    return await check();
  } catch (error) {
    return failed(name, messageOf(error), ...todo);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

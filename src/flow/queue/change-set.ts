// Collects what a handler decided, to be committed in one transaction.
import type { Changes, LedgerWrite, NewEntry, NewTask, WaitReason } from '../ports/spool.ts';

export class ChangeSet {
  readonly #done: string[] = [];
  readonly #retry: { id: string; dueAt: number; error: string }[] = [];
  readonly #hold: { id: string; reason: WaitReason; key: string }[] = [];
  readonly #add: NewTask[] = [];
  readonly #ledger: LedgerWrite[] = [];

  done(id: string): void {
    this.#done.push(id);
  }

  retry(id: string, dueAt: number, error: string): void {
    this.#retry.push({ id, dueAt, error });
  }

  hold(id: string, reason: WaitReason, key: string): void {
    this.#hold.push({ id, reason, key });
  }

  add(task: NewTask): void {
    this.#add.push(task);
  }

  write(write: LedgerWrite): void {
    this.#ledger.push(write);
  }

  record(entry: NewEntry): void {
    this.#ledger.push({ kind: 'entry', entry });
  }

  changes(): Changes {
    return { done: this.#done, retry: this.#retry, hold: this.#hold, add: this.#add, ledger: this.#ledger };
  }
}

// The tests that every back end of the spool must pass; each has its own test file that calls this. Times are small invented
// numbers, because the caller passes `now` to the store.
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { Batch, Ledger, OperatorActions, QueueName, Spool } from '../../../src/flow/ports/spool.ts';
import { describeMaintenance } from './contract-maintenance.ts';
import { describeOperatorActions } from './contract-operator.ts';
import { describeLedger } from './contract-ledger.ts';
import { describeQueue } from './contract-queue.ts';

export interface Store {
  readonly spool: Spool;
  readonly ledger: Ledger;
}

/** What the operator's commands open while the gateway runs. */
export interface OperatorStore extends Store {
  readonly actions: OperatorActions;
}

const claimOptions = { lanes: 10, perLane: 10, leaseMs: 1000, longestWaitMs: 3_600_000, now: 100 };
type Claim = Partial<typeof claimOptions>;

export interface Bench extends Store {
  claim(queue: QueueName, over?: Claim): Promise<Batch[]>;
  /** Claims, and expects exactly one batch. */
  claimOne(queue: QueueName, over?: Claim): Promise<Batch>;
  reopen(): Promise<void>;
  openForOperator(): Promise<OperatorStore>;
}

export interface BackEnd {
  open(): Promise<Store>;
  openForOperator(): Promise<OperatorStore>;
  empty(): Promise<void>;
}

/** `open` opens the same store each time, with what it contains; `empty` deletes everything in it. */
export function describeContract(name: string, backEnd: BackEnd): void {
  describe(`${name}: the contract`, () => {
    let store: Store;
    const claim: Bench['claim'] = (queue, over = {}) => store.spool.claim(queue, { ...claimOptions, ...over });
    const bench: Bench = {
      get spool() {
        return store.spool;
      },
      get ledger() {
        return store.ledger;
      },
      claim,
      async claimOne(queue, over) {
        const batches = await claim(queue, over);
        expect(batches).toHaveLength(1);
        return batches[0]!;
      },
      openForOperator: () => backEnd.openForOperator(),
      async reopen() {
        await store.spool.close();
        store = await backEnd.open();
      },
    };

    beforeAll(async () => {
      store = await backEnd.open();
    });
    beforeEach(() => backEnd.empty());
    afterAll(() => store.spool.close());

    describeQueue(bench);
    describeMaintenance(bench);
    describeOperatorActions(bench);
    describeLedger(bench);
  });
}

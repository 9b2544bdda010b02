// What every back end of the spool must do, run against each by its own test file. Times are small invented numbers:
// the store takes `now` from its caller.
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { Batch, Ledger, QueueDesk, QueueName, Spool } from '../../../src/flow/ports/spool.ts';
import { describeCare } from './contract-care.ts';
import { describeDesk } from './contract-desk.ts';
import { describeLedger } from './contract-ledger.ts';
import { describeQueue } from './contract-queue.ts';

export interface Store {
  readonly spool: Spool;
  readonly ledger: Ledger;
}

/** What an operator opens beside it. */
export interface Beside extends Store {
  readonly desk: QueueDesk;
}

const claimOptions = { lanes: 10, perLane: 10, leaseMs: 1000, longestWaitMs: 3_600_000, now: 100 };
type Claim = Partial<typeof claimOptions>;

export interface Bench extends Store {
  claim(queue: QueueName, over?: Claim): Promise<Batch[]>;
  /** The one batch that there must be. */
  claimOne(queue: QueueName, over?: Claim): Promise<Batch>;
  reopen(): Promise<void>;
  openBeside(): Promise<Beside>;
}

export interface BackEnd {
  open(): Promise<Store>;
  openBeside(): Promise<Beside>;
  empty(): Promise<void>;
}

/** `open` gives the same store each time, in the state it was left in; `empty` takes everything out of it. */
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
      openBeside: () => backEnd.openBeside(),
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
    describeCare(bench);
    describeDesk(bench);
    describeLedger(bench);
  });
}

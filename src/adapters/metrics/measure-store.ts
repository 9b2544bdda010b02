// Measures the calls of a CalendarStore. In: a store; out: the same store, with the time of each call in a histogram. It
// refuses nothing: results and errors are passed on unchanged.
import type { Histogram } from 'prom-client';
import type { CalendarStore } from '../../flow/ports/calendar-store.ts';
import { GatewayError } from '../../core/errors.ts';

export function measureStore(store: CalendarStore, histogram: Histogram<'operation' | 'outcome'>): CalendarStore {
  async function measure<T extends { readonly kind: string }>(operation: string, call: () => Promise<T>): Promise<T> {
    const end = histogram.startTimer({ operation });
    try {
      const result = await call();
      end({ outcome: result.kind });
      return result;
    } catch (error) {
      end({ outcome: error instanceof GatewayError ? error.code : 'internal' });
      throw error;
    }
  }
  return {
    find: (...args) => measure('find', () => store.find(...args)),
    write: (...args) => measure('write', () => store.write(...args)),
    close: () => store.close(),
  };
}

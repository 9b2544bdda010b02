// The child process of ical-js.ts and recurrence.ts. In: a rule and a start; out: the first starts according to ical.js.
import ICAL from 'ical.js';
import { answerParent } from './limited-child.ts';

export interface RuleRequest {
  readonly rule: string;
  /** Local, `YYYYMMDDTHHMMSS`. */
  readonly start: string;
  readonly limit: number;
}

export type RuleAnswer = { readonly starts: readonly string[] } | { readonly refused: string };

function expand({ rule, start, limit }: RuleRequest): RuleAnswer {
  try {
    const iterator = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateTimeString(dashed(start)));
    const starts: string[] = [];
    while (starts.length < limit) {
      const next = iterator.next();
      // At the end it returns undefined or null, contrary to its types.
      if (!next) break;
      starts.push(next.toICALString());
    }
    return { starts };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

/** ical.js reads only the form with dashes and colons. */
function dashed(start: string): string {
  return start.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6');
}

answerParent(expand);

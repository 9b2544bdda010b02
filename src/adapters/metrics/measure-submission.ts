// Measures the relay. In: a Submission; out: the same one, with the time of each mail in a histogram. It refuses nothing:
// verdicts and errors are passed on unchanged.
import type { Histogram } from 'prom-client';
import { GatewayError } from '../../core/errors.ts';
import type { Submission } from '../../flow/ports/submission.ts';

export function measureSubmission(submission: Submission, histogram: Histogram<'verdict'>): Submission {
  return {
    async submit(mail) {
      const end = histogram.startTimer();
      try {
        const verdict = await submission.submit(mail);
        end({ verdict: verdict.kind });
        return verdict;
      } catch (error) {
        end({ verdict: error instanceof GatewayError ? error.code : 'internal' });
        throw error;
      }
    },
    close: () => submission.close(),
  };
}

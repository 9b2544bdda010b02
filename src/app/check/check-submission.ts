// Checks SMTP_URL. In: a Config and, optionally, an address; out: whether the relay greets us and accepts our login, and
// whether it accepts a real mail with the From, envelope sender and DKIM key that the gateway uses.
import { submissionOptions } from '../config/adapter-options.ts';
import { writeMail } from '../../core/compose/write-mail.ts';
import type { Config } from '../config/config.ts';
import type { OutgoingMails } from '../../flow/outbound/outgoing-mail.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { verifyRelay, openSubmission } from '../../adapters/submission/open-submission.ts';
import { catchFailure, type CheckResult, failed, ok, skipped } from './check-result.ts';

const TIMEOUT_MS = 20_000;
const START_RELAY = 'start the relay, or set SMTP_URL to one that accepts mail from this machine';

export async function checkSubmission(config: Config): Promise<CheckResult> {
  const name = 'submission';
  return catchFailure(
    name,
    async () => {
      await verifyRelay({ ...(await submissionOptions(config)), timeoutMs: TIMEOUT_MS });
      const url = new URL(config.smtpUrl);
      const login = url.username === '' ? '' : ` and accepts the login of ${url.username}`;
      return ok(name, `the relay ${url.host} responds${login}`);
    },
    START_RELAY,
  );
}

export async function checkSending(
  config: Config,
  outgoingMails: OutgoingMails,
  to: CalendarAddress | null,
  now: () => number,
): Promise<CheckResult> {
  const name = 'mail';
  if (to === null) return skipped(name, 'no test mail was requested: --send-to you@example.com sends one');
  return catchFailure(
    name,
    async () => {
      const identity = outgoingMails.identify(now(), to, {});
      const submission = openSubmission({ ...(await submissionOptions(config)), timeoutMs: TIMEOUT_MS });
      try {
        const text = 'This is a test mail from "imip-gateway check --send-to". You need not answer it.';
        const raw = writeMail({
          from: { name: '', address: identity.from },
          to: { name: '', address: to.asWritten },
          replyTo: null,
          subject: 'imip-gateway check',
          messageId: identity.messageId,
          references: null,
          date: now(),
          text,
          html: `<p>${text.replaceAll('"', '&quot;')}</p>`,
          calendar: null,
        });
        const { mailFrom, messageId } = identity;
        const verdict = await submission.submit({ mailFrom, messageId, rcptTo: to.asWritten, raw });
        const mail = `the mail from ${identity.from} to ${to.asWritten}`;
        return verdict.kind === 'accepted'
          ? ok(name, `the relay accepted ${mail}: ${verdict.response}; see whether it arrives`)
          : failed(name, `the relay refused ${mail}: ${verdict.response}`, START_RELAY);
      } finally {
        await submission.close();
      }
    },
    START_RELAY,
  );
}

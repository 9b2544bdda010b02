// SMTP_URL: a greeting and a login; with an address, one real mail as the gateway sends it (same From, same envelope sender,
// same DKIM key), to be looked at where it arrives.
import { submissionOptions } from '../config/adapter-options.ts';
import { writeMail } from '../../core/compose/write-mail.ts';
import type { Config } from '../config/config.ts';
import type { OutgoingMails } from '../../flow/outbound/outgoing-mail.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { verifyRelay, openSubmission } from '../../adapters/submission/open-submission.ts';
import { failed, ok, skipped, tryLink } from './link.ts';
import type { Link } from './types.ts';

const TIMEOUT_MS = 20_000;
const REMEDY = 'start the relay, or set SMTP_URL to one that takes mail from this machine';

export async function checkSubmission(config: Config): Promise<Link> {
  const name = 'submission';
  return tryLink(
    name,
    async () => {
      await verifyRelay({ ...(await submissionOptions(config)), timeoutMs: TIMEOUT_MS });
      const url = new URL(config.smtpUrl);
      return ok(name, `the relay ${url.host} greets us${url.username === '' ? '' : ` and lets ${url.username} in`}`);
    },
    REMEDY,
  );
}

export async function checkSending(
  config: Config,
  outgoingMails: OutgoingMails,
  to: CalendarAddress | null,
  now: () => number,
): Promise<Link> {
  const name = 'mail';
  if (to === null) return skipped(name, 'to send a real one, name whom: --send-to you@example.com');
  return tryLink(
    name,
    async () => {
      const identity = outgoingMails.identify(now(), to, {});
      const submission = openSubmission({ ...(await submissionOptions(config)), timeoutMs: TIMEOUT_MS });
      try {
        const text = 'This mail was sent by "imip-gateway check --send-to". There is nothing to answer.';
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
        return verdict.kind === 'accepted'
          ? ok(
              name,
              `From ${identity.from} to ${to.asWritten}: the relay says ${verdict.response}; look whether it arrives`,
            )
          : failed(name, `From ${identity.from} to ${to.asWritten}: the relay says ${verdict.response}`, REMEDY);
      } finally {
        await submission.close();
      }
    },
    REMEDY,
  );
}

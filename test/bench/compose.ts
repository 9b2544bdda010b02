// Invitations composed per second of processor time, with 20 and with 2,000 attendees, compared with only encoding mails of
// that size. `npx tsx test/bench/compose.ts`
import { composeInvitation } from '../../src/core/compose/compose-invitation.ts';
import { writeMail } from '../../src/core/compose/write-mail.ts';
import { calendar, event, invitationMail, loadTemplates } from '../core/compose/samples.ts';

const templates = await loadTemplates();

function guests(count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `ATTENDEE;CN=Guest ${at};PARTSTAT=NEEDS-ACTION:mailto:guest${at}@example.com`,
  );
}

/** Returns the calls per second of processor time after a warm-up; other programs on the machine hardly affect it. */
function rate(work: () => unknown): number {
  for (let at = 0; at < 50; at++) work();
  const began = process.cpuUsage();
  let calls = 0;
  let spent = 0;
  while (spent < 2_000_000) {
    work();
    calls++;
    const { user, system } = process.cpuUsage(began);
    spent = user + system;
  }
  return Math.round((calls * 1_000_000) / spent);
}

for (const count of [20, 2000]) {
  const mail = invitationMail({ calendar: calendar('REQUEST', [...event(), ...guests(count - 3)]) });
  const update = { ...mail, kind: 'update', previousCalendar: mail.calendar } as const;
  const { raw, subject } = composeInvitation(mail, templates);
  const { messageId, references, date } = mail;
  const box = { name: 'Alice', address: mail.from };
  const filler = 'x'.repeat(Math.floor(raw.length / 3));
  const bare = rate(() =>
    writeMail({
      from: box,
      to: box,
      replyTo: box,
      subject,
      messageId,
      references,
      date,
      text: filler,
      html: filler,
      calendar: null,
    }),
  );
  const figures = {
    attendees: count,
    bytes: raw.length,
    invitationsPerSecond: rate(() => composeInvitation(mail, templates)),
    updatesPerSecond: rate(() => composeInvitation(update, templates)),
    encodingOnlyPerSecond: bare,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

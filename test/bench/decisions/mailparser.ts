// Why mailparser does not read received mail (docs/decisions/mailparser.md): its cost on mails that a stranger may send,
// compared with our reader. `node --import tsx test/bench/decisions/mailparser.ts`.
import { type Finding, printIfMain } from './findings.ts';
import { openChild } from './limited-child.ts';
import { type MailCost, type MailName, mailNames, type MailRequest, type Reader } from './mailparser-child.ts';

const LIMIT_MS = 5000;

export async function measureMailparser(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const mail of mailNames) {
    const [mailparser, bare, ours] = [
      await readOnce(mail, 'mailparser'),
      await readOnce(mail, 'bare'),
      await readOnce(mail, 'ours'),
    ];
    findings.push({
      what: `mailparser reads ${mail}`,
      figure: `${said(mailparser)}; without its text conversions ${said(bare)}`,
      beside: `ours: ${said(ours)}`,
    });
  }
  return findings;
}

/** In a separate process, so that its memory can be measured. */
async function readOnce(mail: MailName, reader: Reader): Promise<MailCost | null> {
  const child = openChild<MailRequest, MailCost>(new URL('./mailparser-child.ts', import.meta.url));
  try {
    return await child.ask({ mail, reader }, LIMIT_MS);
  } finally {
    await child.stop();
  }
}

function said(cost: MailCost | null): string {
  if (cost === null) return `not done after ${LIMIT_MS / 1000} s of processor time`;
  const figures = `${cost.cost.toFixed(0)} ms, ${cost.memory.toFixed(0)} MB`;
  return cost.refused ? `refused after ${figures}` : figures;
}

await printIfMain(import.meta.url, measureMailparser);

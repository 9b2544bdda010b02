// The child process of mailparser.ts. In: the name of a mail and of a reader; out: the cost of reading it.
import { simpleParser } from 'mailparser';
import { GatewayError } from '../../../src/core/errors.ts';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { readMail } from '../../../src/core/message/read-mail.ts';
import { answerParent } from './limited-child.ts';
import { rawMails } from './stored-events.ts';

/** `bare`: mailparser without its conversions of HTML and text, as the playground calls it. */
export type Reader = 'mailparser' | 'bare' | 'ours';

export interface MailRequest {
  readonly mail: MailName;
  readonly reader: Reader;
}

export interface MailCost {
  readonly octets: number;
  /** Processor time, ms. */
  readonly cost: number;
  /** The growth of the process's peak memory, MB. */
  readonly memory: number;
  readonly refused: boolean;
}

const LINE = 'Content-Type: text/plain\r\n';

const mails = {
  'the mails of fixtures/mail, ten times': () => rawMails(),
  '10 MB of line feeds': () => mail(LINE, Buffer.alloc(10_000_000, '\n')),
  '10 kB of spaces, quoted-printable': () => spaces(10_000),
  '20 kB of spaces, quoted-printable': () => spaces(20_000),
  '200 kB of spaces, quoted-printable': () => spaces(200_000),
  '1 MB of HTML paragraphs': () => html('<p>Hello <b>you</b></p>\r\n'),
  '1 MB of HTML tables, none closed': () => html('<table><tr><td>x'),
  '1 MB of recipients in To': () =>
    mail(`${LINE}To: ${'Bob <bob@example.com>,\r\n '.repeat(40_000)}bob@example.com\r\n`, 'x'),
  '5,000 multiparts, one in the other': () => mail(Array.from({ length: 5000 }, multipart).join('\r\n'), 'x'),
} satisfies Record<string, () => Buffer | readonly Buffer[]>;

export type MailName = keyof typeof mails;
export const mailNames = Object.keys(mails) as readonly MailName[];

function mail(header: string, body: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`From: bob@example.com\r\n${header}\r\n`), Buffer.from(body)]);
}

function spaces(count: number): Buffer {
  return mail(`${LINE}Content-Transfer-Encoding: quoted-printable\r\n`, `${' '.repeat(count)}x\r\n`);
}

function html(piece: string): Buffer {
  return mail('Content-Type: text/html\r\n', piece.repeat(Math.ceil(1_000_000 / piece.length)));
}

function multipart(_: unknown, at: number): string {
  return `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}`;
}

async function read(raw: Buffer, reader: Reader): Promise<boolean> {
  try {
    if (reader === 'ours') readMail(raw, MAIL_LIMITS);
    else if (reader === 'mailparser') await simpleParser(raw);
    else await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
    return false;
  } catch (error) {
    if (reader === 'ours' && !(error instanceof GatewayError)) throw error;
    return true;
  }
}

async function readAll({ mail: name, reader }: MailRequest): Promise<MailCost> {
  const made: Buffer | readonly Buffer[] = mails[name]();
  const raws = Buffer.isBuffer(made) ? [made] : Array.from({ length: 10 }, () => made).flat();
  const memory = process.resourceUsage().maxRSS;
  const begun = process.cpuUsage();
  let refused = false;
  for (const raw of raws) refused = (await read(raw, reader)) || refused;
  const { user, system } = process.cpuUsage(begun);
  return {
    octets: raws.reduce((sum, { length }) => sum + length, 0),
    cost: (user + system) / 1000,
    memory: (process.resourceUsage().maxRSS - memory) / 1024,
    refused,
  };
}

answerParent(readAll);

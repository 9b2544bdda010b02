// Runs damaged fixtures through interpretMail and describeMail. The seed determines every mail, so a run can be repeated.
// `npx tsx test/fuzz/message.ts 10000 [seed]` prints times and memory, and ends with 1 on the first fault or if a mail exceeds
// a time limit. The unit test has no time limits, because other work may run beside it.
import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fileURLToPath } from 'node:url';
import { MAIL_LIMITS } from '../../src/core/message/mail-limits.ts';
import { describeMail } from '../../src/app/cli/describe-mail.ts';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';

export interface FuzzReport {
  readonly runs: number;
  /** Processor time per mail, ms, which other programs hardly affect. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The seed of the slowest mail. */
  readonly slowest: number;
  /** The heap after garbage collection, MB. */
  readonly heapBefore: number;
  readonly heapAfter: number;
  /** The number of mails of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

const folder = fileURLToPath(new URL('../../fixtures/mail/', import.meta.url));
const FIXTURES = readdirSync(folder)
  .filter((file) => file.endsWith('.eml'))
  .sort()
  .map((file) => readFileSync(`${folder}${file}`));

/** Throws if a check fails; the message names the seed of the mail. */
export async function fuzzMessages(runs: number, seed: number): Promise<FuzzReport> {
  const times: number[] = [];
  const kinds: Record<string, number> = {};
  for (const warm of FIXTURES) await interpretMail(warm);
  const heapBefore = liveHeap();
  for (let run = 0; run < runs; run++) {
    const mail = makeMail(seed + run);
    const before = process.cpuUsage();
    const kind = await readOne(mail, seed + run);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  const slowest = seed + times.indexOf(times.reduce((a, b) => Math.max(a, b), 0));
  const sorted = [...times].sort((a, b) => a - b);
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    runs,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: quantile(1),
    slowest,
    heapBefore,
    heapAfter: liveHeap(),
    kinds,
  };
}

async function readOne(mail: Buffer, seed: number): Promise<string> {
  try {
    const incoming = await interpretMail(mail);
    const [first] = incoming.items;
    if (first === undefined) throw new Error('no item');
    if (first.kind === 'unusable' && first.detail.includes('internal error')) throw new Error(first.detail);
    if (incoming.mail.text.length > MAIL_LIMITS.textLength) throw new Error('text is not bounded');
    if (!describeMail(incoming).includes('Item:')) throw new Error('no description');
    return first.kind;
  } catch (cause) {
    throw new Error(`seed ${seed}`, { cause });
  }
}

function liveHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed / 1e6;
}

type Random = (below: number) => number;

/** mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function makeMail(seed: number): Buffer {
  const random = randomFrom(seed);
  let mail: Buffer = pick(random, FIXTURES);
  for (let count = 1 + random(6); count > 0; count--) mail = pick(random, DAMAGES)(mail, random);
  return mail.subarray(0, 300_000);
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[random(from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

const HOSTILE = [
  'Content-Type: multipart/mixed; boundary=""',
  'Content-Type: multipart/mixed; boundary="\r\n"',
  'Content-Type: message/rfc822',
  'Content-Type: text/calendar; charset="\0"; method=',
  'Content-Type: application/ms-tnef',
  'Content-Type: message/delivery-status',
  'Content-Type: text/html',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  'Content-Transfer-Encoding: x-uuencode',
  'Content-Disposition: attachment; filename*0*=utf-8\'\'%ff; filename*1=".ics"',
  'Subject: =?utf-8?B?////?= =?x?Q?=?= =?',
  'From: <<<>>> ((((, "',
  'From: =?utf-8?Q?=00=0D=0A?= <=?utf-8?Q?a=40b?=>',
  'Date: 99999999999',
  'BEGIN:VCALENDAR',
  'BEGIN:VEVENT',
  'END:VEVENT',
  'END:VCALENDAR',
  'METHOD:COUNTER',
  'RECURRENCE-ID;TZID=/:99999999T999999Z',
  'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
  'ATTENDEE;CN="',
  'DTSTART;TZID="W. Europe Standard Time":16010101T000000',
  'DURATION:P99999999999W',
  '--',
  '\ufeff',
  '\0\0\0\0',
] as const;

type Damage = (mail: Buffer, random: Random) => Buffer;

const DAMAGES: readonly Damage[] = [
  function flipOctets(mail, random) {
    const copy = Buffer.from(mail);
    for (let count = 1 + random(20); count > 0; count--) copy[random(copy.length)] = random(256);
    return copy;
  },
  function cutOut(mail, random) {
    const start = random(mail.length);
    return Buffer.concat([mail.subarray(0, start), mail.subarray(start + random(200))]);
  },
  function breakOff(mail, random) {
    return mail.subarray(0, random(mail.length));
  },
  function repeatPiece(mail, random) {
    const start = random(mail.length);
    const piece = mail.subarray(start, start + 1 + random(400));
    const times = random(4) === 0 ? 1 + random(2000) : 2;
    return Buffer.concat([
      mail.subarray(0, start),
      ...Array.from({ length: times }, () => piece),
      mail.subarray(start),
    ]).subarray(0, 300_000);
  },
  /** Text on which a careless pattern takes quadratic time. */
  function insertRun(mail, random) {
    const run = Buffer.alloc(
      1 + random(50_000),
      pick(random, ['\r', '\n', ' ', '\t', 'a', '<', '"', '=', '-', '?', '@', ';']),
    );
    const at = random(mail.length);
    return Buffer.concat([mail.subarray(0, at), run, mail.subarray(at)]);
  },
  function insertLine(mail, random) {
    const line = Buffer.from(`${pick(random, HOSTILE)}\r\n`);
    const at = mail.indexOf('\n', random(mail.length)) + 1;
    return Buffer.concat([mail.subarray(0, at), line, mail.subarray(at)]);
  },
  function swapLines(mail, random) {
    const lines = mail.toString('latin1').split('\n');
    const [one, other] = [random(lines.length), random(lines.length)];
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function spliceAnother(mail, random) {
    const another = pick(random, FIXTURES);
    return Buffer.concat([mail.subarray(0, random(mail.length)), another.subarray(random(another.length))]);
  },
  function changeLineEnds(mail, random) {
    return Buffer.from(
      mail.toString('latin1').replaceAll('\r\n', pick(random, ['\n', '\r', '\r\r\n', '\n\r\n'])),
      'latin1',
    );
  },
  function nest(mail, random) {
    const depth = random(8) === 0 ? 150 : 1 + random(5);
    const type = pick(random, [
      'multipart/mixed; boundary=n',
      'message/rfc822',
      'multipart/report; report-type=delivery-status; boundary=n',
    ]);
    const head = type.startsWith('message') ? `Content-Type: ${type}\r\n\r\n` : `Content-Type: ${type}\r\n\r\n--n\r\n`;
    return Buffer.concat([Buffer.from(head.repeat(depth)), mail]);
  },
  function damageBase64(mail, random) {
    const text = mail.toString('latin1');
    const damaged = text.replace(/\r\n\r\n((?:[A-Za-z0-9+/=]{20,76}\r\n)+)/g, (_, block: string) => {
      const inner = Buffer.from(block, 'base64');
      for (let count = random(12); count > 0; count--) inner[random(inner.length)] = random(256);
      return `\r\n\r\n${inner.subarray(0, inner.length - random(4) * random(40)).toString('base64')}\r\n`;
    });
    return Buffer.from(damaged, 'latin1');
  },
];

const ms = (time: number): string => `${time.toFixed(1)} ms`;
/** If a mail takes seconds, a pattern takes quadratic time. */
const LIMITS_MS = { p99: 100, max: 2_000 };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs = Number(process.argv[2] ?? 10_000);
  const seed = Number(process.argv[3] ?? Date.now() % 1e9);
  console.log(`fuzz message: ${runs} mails from seed ${seed}`);
  void fuzzMessages(runs, seed).then(
    (report) => {
      console.log(`p50 ${ms(report.p50)}, p99 ${ms(report.p99)}, max ${ms(report.max)} (seed ${report.slowest})`);
      console.log(`heap before ${report.heapBefore.toFixed(1)} MB, after ${report.heapAfter.toFixed(1)} MB`);
      console.log(report.kinds);
      if (report.p99 > LIMITS_MS.p99 || report.max > LIMITS_MS.max) process.exitCode = 1;
    },
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}

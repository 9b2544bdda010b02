// How fast a mail is acknowledged (DATA, disk, 250), beside two servers that do nothing else, in the same run: `plain`
// writes and fsyncs a file for each mail; `append` appends to one file, mails that arrive together sharing an fdatasync.
// `node --import tsx test/bench/accept.ts [seconds]` prints a table; the ratios count, not the mails per second.
import { type ChildProcess, fork } from 'node:child_process';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SMTPServer } from 'smtp-server';
import { receiveMail } from '../../src/flow/receive.ts';
import { openLog } from '../../src/log.ts';
import { openMailDoor } from '../../src/smtp/smtp-door.ts';
import { makeIds } from '../../src/spool/new-id.ts';
import { openSpool } from '../../src/spool/open-spool.ts';

const kinds = ['plain', 'append', 'gateway'] as const;
type Kind = (typeof kinds)[number];

export interface AcceptFigures {
  readonly connections: number;
  /** Mails per second, median of the rounds. */
  readonly rates: Readonly<Record<Kind, number>>;
  /** Milliseconds from the final dot to 250 at the gateway. */
  readonly p50: number;
  readonly p99: number;
}

const rounds = 5;
const self = fileURLToPath(import.meta.url);

/** `seconds` of load for each server, round and number of connections; the servers take turns. */
export async function measureAccept(connections: readonly number[], seconds: number): Promise<AcceptFigures[]> {
  const servers = await Promise.all(kinds.map(startServer));
  try {
    const figures: AcceptFigures[] = [];
    for (const width of connections) figures.push(await measureWidth(servers, width, seconds));
    return figures;
  } finally {
    for (const { child } of servers) child.kill();
    await Promise.all(servers.map(({ folder }) => rm(folder, { recursive: true, force: true })));
  }
}

interface Server {
  readonly kind: Kind;
  readonly child: ChildProcess;
  readonly port: number;
  readonly folder: string;
}

async function startServer(kind: Kind): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), `accept-${kind}-`));
  const child = fork(self, ['serve', kind, folder], { execArgv: ['--import', 'tsx'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', () => reject(new Error(`the ${kind} server did not start`)));
  });
  return { kind, child, port, folder };
}

async function measureWidth(servers: readonly Server[], width: number, seconds: number): Promise<AcceptFigures> {
  const rates: Record<Kind, number[]> = { plain: [], append: [], gateway: [] };
  let waits: number[] = [];
  for (const { port } of servers) await sendMails(port, width, 0.5);
  for (let round = 0; round < rounds; round += 1) {
    for (const { kind, port } of servers) {
      const sent = await sendMails(port, width, seconds);
      rates[kind].push(sent.waits.length / sent.seconds);
      if (kind === 'gateway') waits = waits.concat(sent.waits);
    }
  }
  return {
    connections: width,
    rates: {
      plain: quantile(rates.plain, 0.5),
      append: quantile(rates.append, 0.5),
      gateway: quantile(rates.gateway, 0.5),
    },
    p50: quantile(waits, 0.5),
    p99: quantile(waits, 0.99),
  };
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? Number.NaN;
}

/** Sends as many mails as the server takes, over `width` connections. `waits`: from final dot to 250, milliseconds. */
async function sendMails(port: number, width: number, seconds: number): Promise<{ waits: number[]; seconds: number }> {
  const started = performance.now();
  const stopAt = started + seconds * 1000;
  const waits = await Promise.all(Array.from({ length: width }, () => sendOver(port, stopAt)));
  return { waits: waits.flat(), seconds: (performance.now() - started) / 1000 };
}

async function sendOver(port: number, stopAt: number): Promise<number[]> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  const replies = socket.iterator({ destroyOnReturn: false });
  let text = '';
  /** The code of the next reply, after its last line (RFC 5321 §4.2). */
  const reply = async (wanted: string): Promise<void> => {
    for (;;) {
      const last = /^\d{3} .*\r\n/m.exec(text);
      if (last !== null) {
        text = text.slice(last.index + last[0].length);
        if (!last[0].startsWith(wanted)) throw new Error(`expected ${wanted}, got ${last[0]}`);
        return;
      }
      const { value, done } = await replies.next();
      if (done) throw new Error('the server closed the connection');
      text += value;
    }
  };
  await reply('220');
  socket.write('EHLO client.remote.test\r\n');
  await reply('250');
  const waits: number[] = [];
  while (performance.now() < stopAt) {
    socket.write('MAIL FROM:<bob@remote.test>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n');
    await reply('250');
    await reply('250');
    await reply('354');
    const begun = performance.now();
    socket.write(mail);
    await reply('250');
    waits.push(performance.now() - begun);
  }
  socket.end('QUIT\r\n');
  return waits;
}

/** An answer as mail clients send it: about 3 KB, with the calendar twice. */
const mail = makeMail();

function makeMail(): string {
  const calendar = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Client//EN\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n\
UID:1@example.com\r\nDTSTAMP:20261101T100000Z\r\nSEQUENCE:0\r\nDTSTART:20261122T100000Z\r\nDTEND:20261122T110000Z\r\n\
ORGANIZER:mailto:ann@example.com\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@remote.test\r\n\
DESCRIPTION:${'as discussed '.repeat(60)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
  return `From: Bob <bob@remote.test>\r\nTo: Ann <ann@example.com>\r\nSubject: Accepted: Lunch\r\nMIME-Version: 1.0\r\n\
Message-ID: <1@remote.test>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part('text/plain', 'Bob has accepted.')}\
${part('text/calendar; method=REPLY', calendar)}${part('application/ics', calendar)}--b--\r\n.\r\n`;
}

function part(type: string, text: string): string {
  return `--b\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`;
}

/** A server of one kind in a process of its own; tells its port to its parent. */
async function serve(kind: Kind, folder: string): Promise<void> {
  const port = kind === 'gateway' ? await serveGateway(folder) : await serveBare(keepers[kind](folder));
  process.send?.(port);
}

async function serveGateway(folder: string): Promise<number> {
  const { spool } = await openSpool({ url: `sqlite:${folder}/gateway.db` });
  const receiving = { spool, makeId: makeIds(), now: Date.now };
  const door = await openMailDoor({
    kind: 'smtp',
    host: '127.0.0.1',
    port: 0,
    hostname: 'gateway.example.com',
    receive: async (received) => void (await receiveMail(receiving, received)),
    acceptsRecipient: (address) => address === 'ann@example.com',
    tls: null,
    trustedRelays: [],
    log: openLog('silent'),
  });
  return door.address.port;
}

type Keep = (chunks: readonly Buffer[]) => Promise<unknown>;

const keepers: Record<Exclude<Kind, 'gateway'>, (folder: string) => Keep> = {
  plain: (folder) => {
    let count = 0;
    return async (chunks) => {
      const file = await open(join(folder, String((count += 1))), 'wx');
      await file.writev(chunks);
      await file.sync();
      await file.close();
    };
  },
  append: (folder) => {
    const opening = open(join(folder, 'mails'), 'a');
    let group: { readonly chunks: Buffer[]; readonly kept: Promise<void> } | null = null;
    let before: Promise<unknown> = Promise.resolve();
    return (chunks) => {
      if (group === null) {
        const fresh: Buffer[] = [];
        const kept = before.then(() => {
          group = null;
          return opening.then((file) => append(file, fresh));
        });
        before = kept;
        group = { chunks: fresh, kept };
      }
      group.chunks.push(...chunks);
      return group.kept;
    };
  },
};

async function append(file: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  await file.writev(chunks);
  await file.datasync();
}

async function serveBare(keep: Keep): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => void keep(chunks).then(() => done(null, 'kept'), done));
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.server.address() as AddressInfo).port;
}

function show(figures: readonly AcceptFigures[]): void {
  console.table(
    figures.map(({ connections, rates, p50, p99 }) => ({
      connections,
      'plain /s': Math.round(rates.plain),
      'append /s': Math.round(rates.append),
      'gateway /s': Math.round(rates.gateway),
      'gateway : plain': (rates.gateway / rates.plain).toFixed(2),
      'gateway : append': (rates.gateway / rates.append).toFixed(2),
      'p50 ms': p50.toFixed(1),
      'p99 ms': p99.toFixed(1),
    })),
  );
}

const [command = '', kind = '', folder = ''] = process.argv.slice(2);
if (command === 'serve') await serve(kind as Kind, folder);
else if (process.argv[1] === self) show(await measureAccept([1, 10, 50], Number(command || 3)));

// How fast mails are acknowledged (DATA, disk, 250), compared in the same run with two servers that do nothing else:
// `plain` writes and fsyncs a file for each mail; `append` appends to one file, with one fdatasync for mails that arrive
// together. After many files were removed, ext4 creates new ones slowly for some minutes, which slows `plain` down. `node
// --import tsx test/bench/accept.ts [seconds]` prints a table; the ratios count, not the mails per second.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind } from './accept-server.ts';

const kinds: readonly Kind[] = ['plain', 'append', 'gateway'];

export interface AcceptFigures {
  readonly connections: number;
  /** Mails per second; the median of the rounds. */
  readonly rates: Readonly<Record<Kind, number>>;
  /** Processor time per mail of all threads, µs; also meaningful on a busy machine. */
  readonly costs: Readonly<Record<Kind, number>>;
  /** Milliseconds from the final dot to 250 at the gateway. */
  readonly p50: number;
  readonly p99: number;
}

const rounds = 5;
const self = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each server gets `seconds` of load per round and number of connections; the servers alternate. */
export async function measureAccept(connections: readonly number[], seconds: number): Promise<AcceptFigures[]> {
  const built = await buildServers();
  const servers = await Promise.all(kinds.map((kind) => startServer(built, kind)));
  try {
    const figures: AcceptFigures[] = [];
    for (const width of connections) figures.push(await measureWidth(servers, width, seconds));
    return figures;
  } finally {
    for (const { child } of servers) child.kill();
    const folders = [built, ...servers.map(({ folder }) => folder)];
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

interface Server {
  readonly kind: Kind;
  readonly child: ChildProcess;
  readonly port: number;
  readonly folder: string;
}

/** Runs the compiled JavaScript, because a TypeScript loader in the process would slow it down. */
async function buildServers(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'accept-built-'));
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  const options = '--ignoreConfig --target es2023 --module nodenext --rewriteRelativeImportExtensions --skipLibCheck';
  const places = ['--types', 'node', '--rootDir', root, '--outDir', folder];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(
    process.execPath,
    [
      tsc,
      ...options.split(' '),
      ...places,
      join(root, 'test/bench/accept-server.ts'),
      join(root, 'src/adapters/spool/sqlite-worker.ts'),
    ],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  return folder;
}

async function startServer(built: string, kind: Kind): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), `accept-${kind}-`));
  const child = fork(join(built, 'test/bench/accept-server.js'), [kind, folder], { execArgv: [] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', () => reject(new Error(`the ${kind} server did not start`)));
  });
  return { kind, child, port, folder };
}

async function measureWidth(servers: readonly Server[], width: number, seconds: number): Promise<AcceptFigures> {
  const rates: Record<Kind, number[]> = { plain: [], append: [], gateway: [] };
  const costs: Record<Kind, number[]> = { plain: [], append: [], gateway: [] };
  let waits: number[] = [];
  for (const { port } of servers) await sendMails(port, width, 0.5);
  for (let round = 0; round < rounds; round += 1) {
    for (const { kind, port, child } of servers) {
      const before = await cost(child);
      const sent = await sendMails(port, width, seconds);
      rates[kind].push(sent.waits.length / sent.seconds);
      costs[kind].push(((await cost(child)) - before) / sent.waits.length);
      if (kind === 'gateway') waits = waits.concat(sent.waits);
    }
  }
  return {
    connections: width,
    rates: medians(rates),
    costs: medians(costs),
    p50: quantile(waits, 0.5),
    p99: quantile(waits, 0.99),
  };
}

function medians(values: Readonly<Record<Kind, readonly number[]>>): Record<Kind, number> {
  const median = (kind: Kind): number => quantile(values[kind], 0.5);
  return { plain: median('plain'), append: median('append'), gateway: median('gateway') };
}

/** Returns the processor time of the server so far, µs. */
async function cost(server: ChildProcess): Promise<number> {
  const answer = new Promise<NodeJS.CpuUsage>((resolve) =>
    server.once('message', (usage) => resolve(usage as NodeJS.CpuUsage)),
  );
  server.send('cost');
  const { user, system } = await answer;
  return user + system;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? Number.NaN;
}

/** Sends as many mails as the server accepts, over `width` connections. `waits`: from the final dot to 250, ms. */
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
  /** Returns the code of the next reply, after its last line (RFC 5321 §4.2). */
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

function show(figures: readonly AcceptFigures[]): void {
  console.table(
    figures.map(({ connections, rates, costs, p50, p99 }) => ({
      connections,
      'plain /s': Math.round(rates.plain),
      'append /s': Math.round(rates.append),
      'gateway /s': Math.round(rates.gateway),
      'gateway : plain': (rates.gateway / rates.plain).toFixed(2),
      'gateway : append': (rates.gateway / rates.append).toFixed(2),
      'µs/mail': [costs.plain, costs.append, costs.gateway].map(Math.round).join(' : '),
      'p50 ms': p50.toFixed(1),
      'p99 ms': p99.toFixed(1),
    })),
  );
}

if (process.argv[1] === self) show(await measureAccept([1, 10, 50], Number(process.argv[2] ?? 3)));

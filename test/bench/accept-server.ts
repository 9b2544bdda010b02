// Three servers for accept.ts, one in this process: `plain` writes and fsyncs a file for each mail, `append` appends to one
// file and shares an fdatasync among the mails that arrive together, `gateway` is the mail door before the spool.
import { type FileHandle, open } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { receiveMail } from '../../src/flow/inbound/receive.ts';
import { openLog } from '../../src/app/log.ts';
import { openMailDoor } from '../../src/doors/mail/smtp-door.ts';
import { makeIds } from '../../src/adapters/spool/new-id.ts';
import { openSpool } from '../../src/adapters/spool/open-spool.ts';

export type Kind = 'plain' | 'append' | 'gateway';

/** Tells its port to its parent, and what it has cost whenever it is asked. */
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
    now: Date.now,
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

process.on('message', () => process.send?.(process.cpuUsage()));
const [kind = '', folder = ''] = process.argv.slice(2);
await serve(kind as Kind, folder);

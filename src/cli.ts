#!/usr/bin/env node
// The command line: `serve`, `playground`, `secret`, `inspect FILE`, `why ID`, `settings`. The only file that reads the
// environment and ends the process.
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { configWarnings, readConfig, settingsTable } from './config.ts';
import { GatewayError } from './errors.ts';
import { explain } from './flow/explain.ts';
import { openLog } from './log.ts';
import { makeSecret, startGateway } from './main.ts';
import { describeMail } from './message/describe-mail.ts';
import { interpretMail } from './message/interpret-mail.ts';
import { startPlayground } from './playground/start-playground.ts';
import { openLedger } from './spool/open-spool.ts';

const program = new Command('imip-gateway');
program.description('Brings answers to mailed invitations into the organizer’s CalDAV event.').showHelpAfterError();

program
  .command('serve')
  .description('run the gateway with the settings of the environment')
  .action(async () => {
    const read = readConfig(process.env);
    if (read.kind === 'invalid')
      fail(`The settings are not right:\n${read.faults.map((fault) => `  ${fault}`).join('\n')}`);
    const log = openLog('info');
    for (const warning of configWarnings(read.config)) log.warn(warning);
    const gateway = await startGateway(read.config, log);
    log.info(gateway.addresses, 'listening');
    stopOnSignal(() => gateway.stop());
  });

program
  .command('playground')
  .description('try it on this machine: embedded calendar, captured mailbox, nothing leaves')
  .option('--port <port>', 'port of the playground page', '8025')
  .action(async ({ port }: { port: string }) => {
    const playground = await startPlayground({ port: Number(port), log: openLog('warn') });
    console.log(
      `The playground is at ${playground.url}\nIt is for trying things out, not for real mail: everything stays on this machine and is forgotten when it stops.`,
    );
    stopOnSignal(() => playground.stop());
  });

program
  .command('secret')
  .description('make a signing key for GATEWAY_SECRETS')
  .action(() => console.log(makeSecret()));

program
  .command('inspect')
  .argument('<file>', 'a mail as received (.eml), - for standard input')
  .description('say what the gateway sees in a mail')
  .action(async (file: string) => {
    const raw = await readFile(file === '-' ? '/dev/stdin' : file).catch((error: NodeJS.ErrnoException) =>
      fail(`${file} cannot be read: ${error.code}`),
    );
    console.log(describeMail(await interpretMail(raw)));
  });

program
  .command('why')
  .argument('<id>', 'a Message-ID, UID, mail address or record id')
  .description('say from the ledger what happened to it, and why')
  .action(async (id: string) => {
    const url = process.env['DATABASE_URL']?.trim() || 'sqlite:./data/gateway.db';
    const { ledger, close } = await openLedger({ url });
    console.log(await explain(ledger, id));
    await close();
  });

program
  .command('settings')
  .description('print the table of settings')
  .action(() => console.log(settingsTable()));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof GatewayError) fail(error.message);
  throw error;
}

function fail(message: string): never {
  console.error(`imip-gateway: ${message}`);
  process.exit(1);
}

/** The first signal drains; a second one ends at once. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}

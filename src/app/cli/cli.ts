#!/usr/bin/env node
// The command line: `serve`, `playground`, `secret`, `inspect FILE`, `why ID`, `queue …`, `check`, `settings`. No other
// file reads the environment.
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { runChecks } from '../check/run-checks.ts';
import { formatResult, formatSummary } from '../check/format-results.ts';
import { callbackUrl, configWarnings, readConfig, requireLogLevel, settingsTable } from '../config/config.ts';
import { GatewayError } from '../../core/errors.ts';
import { explain } from '../../flow/questions/explain.ts';
import {
  changeTasks,
  listQueue,
  type QueueCommandOptions,
  formatChanges,
  formatListing,
  formatTask,
  showTask,
} from './queue-commands.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { openLog } from '../log.ts';
import { readVersion } from '../read-version.ts';
import { makeSecret, startGateway } from '../start-gateway.ts';
import { datedEntry, describeEntries, noEntries } from './describe-entries.ts';
import { describeMail } from './describe-mail.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { interpretMail } from '../../core/message/interpret-mail.ts';
import { openLedger, openForOperator } from '../../adapters/spool/open-spool.ts';
import { type QueueName, QUEUES } from '../../flow/ports/spool.ts';

const program = new Command('imip-gateway');
program
  .description('Writes answers to mailed invitations into the organizer’s CalDAV event.')
  .version(readVersion())
  .showHelpAfterError();

program
  .command('serve')
  .description('run the gateway with the settings in the environment')
  .action(async () => {
    const read = readConfig(process.env);
    if (read.kind === 'invalid') failForSettings(read.faults);
    const log = openLog(read.config.logLevel);
    for (const warning of configWarnings(read.config)) log.warn(warning);
    const gateway = await startGateway(read.config, log).catch((error: unknown) => {
      log.error({ exitStatus: 1, ...describeFailure(error) }, 'gateway could not start');
      if (error instanceof GatewayError && error.code === 'config-invalid') failForSettings(error.message.split('\n'));
      throw error;
    });
    const started = { version: readVersion(), node: process.version, callbackUrl: callbackUrl(read.config) };
    log.info(started, 'gateway started');
    // Supervisors and scripts wait for this line and read the addresses from it.
    log.info(gateway.addresses, 'listening');
    runUntilSignal(log, () => gateway.stop());
  });

program
  .command('playground')
  .description('try the gateway on this machine, with an embedded calendar and a captured mailbox')
  .option('--port <port>', 'port of the playground page', '8025')
  .action(async (given: { port: string }) => {
    const port = wholeNumber(given.port);
    if (port === null || port > 65_535) fail('--port must be a number up to 65535');
    // Imported here, because `serve` starts twice as fast without it.
    const { startPlayground } = await import('../../playground/start-playground.ts');
    const log = openLog(requireLogLevel(process.env, 'warn'));
    const playground = await startPlayground({ port, log });
    console.log(
      `The playground is at ${playground.url}\nIt is not for real mail: everything stays on this machine and is deleted when the playground stops.`,
    );
    runUntilSignal(log, () => playground.stop());
  });

program
  .command('secret')
  .description('make a signing key for GATEWAY_SECRETS')
  .action(() => console.log(makeSecret()));

program
  .command('inspect')
  .argument('<file>', 'a mail as received (.eml), or - for standard input')
  .description('show how the gateway reads a mail')
  .action(async (file: string) => {
    const raw = await readFile(file === '-' ? '/dev/stdin' : file).catch((error: NodeJS.ErrnoException) =>
      fail(`${file} cannot be read: ${error.code}`),
    );
    console.log(describeMail(await interpretMail(raw)));
  });

program
  .command('why')
  .argument('<id>', 'a Message-ID, UID, mail address or record id')
  .description('show what happened to a mail, event or person, and why')
  .option('--json', 'as JSON')
  .action(async (id: string, { json }: { json?: true }) => {
    const { ledger, close } = await openLedger({ url: databaseUrl() });
    const entries = await explain(ledger, id);
    await close();
    if (json) console.log(JSON.stringify(entries.map(datedEntry), null, 2));
    else if (entries.length > 0) console.log(describeEntries(entries));
    else fail(noEntries(id));
    if (entries.length === 0) process.exitCode = 1;
  });

program
  .command('check')
  .description('check every part of the set-up with the settings in the environment, and say what to fix')
  .option('--organizer <address>', 'write, change and delete a test event in a calendar of this organizer')
  .option('--send-to <address>', 'send a test mail to this address')
  .option('--json', 'as JSON')
  .action(async (given: { organizer?: string; sendTo?: string; json?: true }) => {
    const results = await runChecks(
      {
        environment: process.env,
        organizer: addressOf('--organizer', given.organizer),
        sendTo: addressOf('--send-to', given.sendTo),
        now: Date.now,
      },
      (result) => given.json ?? console.log(formatResult(result)),
    );
    const ok = results.every(({ status }) => status !== 'failed');
    console.log(given.json ? JSON.stringify({ ok, results }, null, 2) : `\n${formatSummary(results)}`);
    if (!ok) process.exitCode = 1;
  });

const queue = program
  .command('queue')
  .description('list and change waiting and held tasks, also while the gateway runs');

queue
  .command('list')
  .description('count the waiting and held tasks of each queue, and list them, oldest first')
  .addOption(new Option('--queue <queue>', 'only this queue').choices(QUEUES))
  .addOption(new Option('--state <state>', 'only this state').choices(['waiting', 'held']))
  .option('--limit <count>', 'at most this many tasks', '100')
  .option('--json', 'as JSON')
  .action(async (given: { queue?: QueueName; state?: 'waiting' | 'held'; limit: string; json?: true }) => {
    const limit = wholeNumber(given.limit) ?? fail('--limit must be a number');
    const filter = { queue: given.queue ?? null, state: given.state ?? null, limit };
    const listing = await asOperator((options) => listQueue(options, filter));
    console.log(given.json ? JSON.stringify(listing, null, 2) : formatListing(listing, Date.now()));
  });

queue
  .command('show')
  .argument('<id>', 'the id of a task, from the list')
  .description('show one task in full, with its ledger entries')
  .option('--json', 'as JSON')
  .action(async (id: string, { json }: { json?: true }) => {
    const task = (await asOperator((options) => showTask(options, id))) ?? fail(`no task has the id ${id}`);
    console.log(json ? JSON.stringify(task, null, 2) : formatTask(task));
  });

const changes = {
  retry: 'run waiting or held tasks now',
  hold: 'hold tasks until they are retried or dropped',
  drop: 'end tasks without running them; the ledger records that you did',
} as const;
for (const change of ['retry', 'hold', 'drop'] as const) {
  queue
    .command(change)
    .argument('<id...>', 'the ids of tasks, from the list')
    .description(changes[change])
    .option('--json', 'as JSON')
    .action(async (ids: string[], { json }: { json?: true }) => {
      const results = await asOperator((options) => changeTasks(options, change, ids));
      console.log(json ? JSON.stringify(results, null, 2) : formatChanges(change, results));
      if (results.some(({ result }) => result !== 'changed')) process.exitCode = 1;
    });
}

program
  .command('settings')
  .description('print the table of settings in Markdown')
  .action(() => console.log(settingsTable()));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof GatewayError) fail(error.message);
  throw error;
}

/** The only setting that the operator's commands need. */
function databaseUrl(): string {
  return process.env['DATABASE_URL']?.trim() || 'sqlite:./data/gateway.db';
}

function addressOf(option: string, text: string | undefined): CalendarAddress | null {
  return text === undefined ? null : (calendarAddress(text) ?? fail(`${option} must be a mail address`));
}

async function asOperator<T>(command: (options: QueueCommandOptions) => Promise<T>): Promise<T> {
  const { actions, spool, ledger } = await openForOperator({ url: databaseUrl() });
  try {
    return await command({ actions, spool, ledger, now: Date.now });
  } finally {
    await spool.close();
  }
}

function failForSettings(faults: readonly string[]): never {
  fail(`Invalid configuration:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}

/** Only unexpected errors are logged with a stack. */
function describeFailure(error: unknown): object {
  return error instanceof GatewayError ? { code: error.code, error: error.message } : { err: error };
}

/** Returns null if the text is not a whole number. */
function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function fail(message: string): never {
  console.error(`imip-gateway: ${message}`);
  process.exit(1);
}

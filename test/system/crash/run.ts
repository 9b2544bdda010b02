// `npm run crash [kills] [gateways on a PostgreSQL]`: a longer crash test; on PostgreSQL with a kill every second. Prints
// how much was sent, applied and mailed, and every fault.
import { startPostgres } from '../database/start-postgres.ts';
import { buildGateway } from '../../harness/gateway-process.ts';
import { runCrashes } from './crash-run.ts';
import { findFaults, waitsOf, writesTo } from './model.ts';

const kills = Number(process.argv[2] ?? 100);
const gateways = Number(process.argv[3] ?? 0);
const built = buildGateway();
const server = gateways > 0 ? await startPostgres({ durable: false }) : null;
try {
  const postgres = server === null ? null : { url: server.url, gateways };
  const begun = Date.now();
  const rhythm = postgres === null ? { mostTaken: 100 } : { everyMs: 1_000 };
  const seen = await runCrashes({ built, kills, postgres, rhythm });
  const faults = findFaults(seen);
  const byReason: Record<string, number> = {};
  for (const { verdict, reason } of seen.entries) {
    const key = `${verdict} ${reason}`;
    byReason[key] = (byReason[key] ?? 0) + 1;
  }
  const mails = new Set(seen.mails.map(({ messageId }) => messageId)).size;
  const waits = waitsOf(seen);
  const wait = (share: number): number => waits[Math.ceil(share * waits.length) - 1] ?? Number.NaN;
  const applied = seen.entries.flatMap(({ verdict, messageId }) => (verdict === 'applied' && messageId) || []);
  console.log({
    kills: seen.kills,
    killedIn: `${Math.round(seen.killingMs / 1_000)} s`,
    gateways: Math.max(gateways, 1),
    seconds: Math.round((Date.now() - begun) / 1_000),
    answers: seen.answers.length,
    lost: waits.filter((each) => each === Infinity).length,
    twice: applied.length - new Set(applied).size,
    waits: `p50 ${wait(0.5)} s, p99 ${wait(0.99)} s, worst ${wait(1)} s`,
    callbacks: seen.changes.length,
    writes: writesTo(seen.histories),
    mails,
    mailsAgain: seen.mails.length - mails,
    faults: faults.length,
  });
  console.log(byReason);
  for (const fault of faults.slice(0, 50)) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await server?.stop();
  built.remove();
}

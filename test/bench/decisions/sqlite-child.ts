// The child of sqlite.ts, which runs under strace where the disk is to be slow: a kind of keeper, a count and a number of
// callers come in as arguments; KeepFigures go out on stdout.
import { type KeeperKind, keepTasks, openKeeper } from './keep-tasks.ts';

const [kind = 'worker', count = '0', callers = '1'] = process.argv.slice(2);
const keeper = await openKeeper(kind as KeeperKind);
await keepTasks(keeper, Math.ceil(Number(count) / 10), Number(callers));
const figures = await keepTasks(keeper, Number(count), Number(callers));
await keeper.close();
console.log(JSON.stringify(figures));

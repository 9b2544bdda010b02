// The child process of sqlite.ts, which runs under strace to simulate a slow disk. In: the kind of keeper, a count and the
// number of callers as arguments; out: KeepFigures on stdout.
import { type KeeperKind, keepTasks, openKeeper } from './keep-tasks.ts';

const [kind = 'worker', count = '0', callers = '1'] = process.argv.slice(2);
const keeper = await openKeeper(kind as KeeperKind);
await keepTasks(keeper, Math.ceil(Number(count) / 10), Number(callers));
const figures = await keepTasks(keeper, Number(count), Number(callers));
await keeper.close();
console.log(JSON.stringify(figures));

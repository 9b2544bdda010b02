// The processor time of an answer by folder: the gateway's main thread is profiled while answers are applied, and each
// sample counts for the innermost folder of src on its stack, together with the libraries that the folder calls. `npx tsx
// test/bench/where-time-goes.ts [events]`.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { measureApply } from './apply.ts';
import { startEmbedded } from './back-end.ts';

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the previous sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** Libraries that are called by sockets, with no folder of src on the stack. */
const LIBRARIES: Readonly<Record<string, string>> = {
  undici: 'caldav',
  'smtp-server': 'smtp',
  mailauth: 'authenticate',
  nodemailer: 'submission',
};

/** Returns the share of the main thread's busy time by folder, without start-up and idle time. */
export async function measureRooms(built: BuiltGateway, events: number): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  try {
    await measureApply(built, startEmbedded, events, ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
    // The main thread's profile is by far the largest.
    const [largest] = readdirSync(folder)
      .map((name) => join(folder, name))
      .toSorted((a, b) => statSync(b).size - statSync(a).size);
    return sharesOf(JSON.parse(readFileSync(largest ?? '', 'utf8')) as Profile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sharesOf({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const rooms = roomsOf(nodes);
  const spent = new Map<string, number>();
  for (const [at, id] of samples.entries()) {
    const room = rooms.get(id) ?? 'idle';
    spent.set(room, (spent.get(room) ?? 0) + (timeDeltas[at] ?? 0));
  }
  spent.delete('idle');
  spent.delete('start-up');
  const total = [...spent.values()].reduce((sum, time) => sum + time, 0);
  const shares = [...spent].map(([room, time]) => [room, time / total] as const);
  return new Map(shares.toSorted(([, a], [, b]) => b - a));
}

/** Returns the folder for which the time of each node counts. */
function roomsOf(nodes: readonly ProfileNode[]): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rooms = new Map<number, string>();
  const walk = (node: ProfileNode, outer: string): void => {
    const room = roomOf(node.callFrame) ?? outer;
    rooms.set(node.id, room);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) walk(child, room);
    }
  };
  const [root] = nodes;
  if (root !== undefined) walk(root, 'node');
  return rooms;
}

function roomOf({ functionName, url }: ProfileNode['callFrame']): string | null {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (functionName === '(program)') return 'node';
  const library = /.*\/node_modules\/([^/]+)\//.exec(url)?.[1];
  if (library !== undefined) return LIBRARIES[library] ?? null;
  const room = /\/dist\/([a-z]+)\/[^/]+\.js$/.exec(url)?.[1];
  if (room !== undefined) return room;
  // Loading modules counts as start-up.
  return url === 'node:internal/modules/esm/module_job' || url === 'node:internal/modules/cjs/loader'
    ? 'start-up'
    : null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildGateway();
  const shares = await measureRooms(built, Number(process.argv[2] ?? 500));
  for (const [room, share] of shares) console.log(`${(share * 100).toFixed(0).padStart(4)} %  ${room}`);
  built.remove();
}

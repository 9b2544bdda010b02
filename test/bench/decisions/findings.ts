// Prints the results of a measurement behind a page of docs/decisions. In: findings; out: lines on stdout. It asserts
// nothing: a person reads the figures.
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Finding {
  readonly what: string;
  readonly figure: string;
  /** The figure to compare with, from the same run; '' if there is none. */
  readonly beside: string;
}

/** Prints the findings if `moduleUrl` is the file that node was started with. */
export async function printIfMain(moduleUrl: string, measure: () => Promise<readonly Finding[]>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return;
  const begun = loadavg();
  for (const finding of await measure()) console.log(findingText(finding));
  console.log(machineText(begun));
}

/** Describes the machine. @param begun the load at the beginning */
export function machineText(begun: readonly number[]): string {
  const load = (at: readonly number[]): string => at.map((each) => each.toFixed(1)).join(', ');
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'processor'}, Node ${process.version}`;
  return `${machine}, load ${load(begun)} at the beginning, ${load(loadavg())} at the end`;
}

export function findingText({ what, figure, beside }: Finding): string {
  return `${what}: ${figure}${beside === '' ? '' : ` (${beside})`}`;
}

const ROUNDS = 5;

/**
 * Returns the processor time of one call of each, ms, which other programs on the machine hardly affect. The calls alternate;
 * the result is the median of the rounds after the first, which is the warm-up.
 */
export function costsOf(runs: number, ...works: readonly (() => unknown)[]): number[] {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => works.map((work) => costOf(runs, work))).slice(1);
  return works.map((_, at) => median(rounds.map((costs) => costs[at] ?? Number.NaN)));
}

function costOf(runs: number, work: () => unknown): number {
  const begun = process.cpuUsage();
  for (let run = 0; run < runs; run += 1) work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000 / runs;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

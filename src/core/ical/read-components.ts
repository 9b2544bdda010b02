// How the components of a calendar nest (RFC 5545 §3.4). Content lines come in; a tree goes out that holds each of them in
// its place, so that joining its lines gives the text back byte for byte. It refuses nothing: what does not nest as it
// should is listed in `faults`, and the caller decides what that means. The tree is never deeper than DEEPEST.
import { ContentLine } from './content-lines.ts';

export interface Component {
  /** Upper case. */
  readonly name: string;
  readonly beginLine: ContentLine;
  /** Null where it is missing. */
  readonly endLine: ContentLine | null;
  /** What stands between the two, in order: the component's own lines and the components inside it. */
  readonly parts: readonly Part[];
}

export type Part = ContentLine | Component;

export interface ComponentTree {
  /** The outermost components and the lines around them, in order. */
  readonly parts: readonly Part[];
  /** Every component at any depth, in the order of their BEGINs. */
  readonly components: readonly Component[];
  readonly faults: readonly NestingFault[];
}

export interface NestingFault {
  /** `no-begin`: an END that closes nothing, kept as a line; `no-end`: closed by an END further out, or by nothing. */
  readonly kind: 'no-begin' | 'no-end' | 'too-deep';
  readonly name: string;
  readonly what: string;
}

/** No client nests more than three; what nests deeper is kept as lines. */
const DEEPEST = 20;

interface OpenComponent extends Component {
  endLine: ContentLine | null;
  readonly parts: Part[];
}

/**
 * `outermost`: only a component of that name is looked for; whatever else stands outside of one is lines. Without it, any
 * component may be outermost.
 */
export function readComponents(lines: readonly ContentLine[], outermost: string | null = null): ComponentTree {
  const parts: Part[] = [];
  const components: Component[] = [];
  const faults: NestingFault[] = [];
  const open: OpenComponent[] = [];
  const begin = (line: ContentLine): boolean => {
    const name = nameIn(line);
    if (open.length === 0 && name !== (outermost ?? name)) return false;
    if (open.length === DEEPEST) {
      faults.push({ kind: 'too-deep', name, what: 'nested too deep' });
      return false;
    }
    const component: OpenComponent = { name, beginLine: line, endLine: null, parts: [] };
    (open.at(-1)?.parts ?? parts).push(component);
    components.push(component);
    open.push(component);
    return true;
  };
  const end = (line: ContentLine): boolean => {
    const name = nameIn(line);
    const at = open.findLastIndex((each) => each.name === name);
    const [closing, innermost] = [open[at], open.at(-1)];
    if (closing === undefined) {
      if (innermost) faults.push({ kind: 'no-begin', name, what: `END:${name} without its BEGIN` });
      return false;
    }
    if (innermost && innermost !== closing) faults.push(noEnd(innermost.name));
    closing.endLine = line;
    open.length = at;
    return true;
  };
  for (const line of lines) {
    const word = beginOrEnd(line);
    const isEdge = word !== null && (word === 'BEGIN' ? begin(line) : end(line));
    if (!isEdge) (open.at(-1)?.parts ?? parts).push(line);
  }
  for (const { name } of open) faults.push(noEnd(name, ': the text was cut off'));
  return { parts, components, faults };
}

function nameIn(line: ContentLine): string {
  return line.value.trim().toUpperCase();
}

function noEnd(name: string, why = ''): NestingFault {
  return { kind: 'no-end', name, what: `${name} has no END${why}` };
}

/** The one VCALENDAR of a text that holds nothing else and nests as it should; else what is wrong with the text. */
export function wholeCalendar({ parts, components, faults }: ComponentTree): Component | string {
  const [calendar, another] = components.filter(({ name }) => name === 'VCALENDAR');
  if (calendar === undefined) return 'no VCALENDAR';
  if (another !== undefined) return 'several VCALENDARs';
  if (faults[0] !== undefined) return faults[0].what;
  const outside = parts.some((part) => part !== calendar && !(part instanceof ContentLine && part.text.trim() === ''));
  return outside ? 'text outside of the VCALENDAR' : calendar;
}

/** The lines that are the component's own: no BEGIN, no END, nothing of a component inside. */
export function ownLines({ parts }: Component): ContentLine[] {
  return parts.filter((part) => part instanceof ContentLine);
}

/** The components directly inside. */
export function componentsIn({ parts }: Component): Component[] {
  return parts.filter((part): part is Component => !(part instanceof ContentLine));
}

/** All lines, in the order of the text. */
export function linesOf(parts: readonly Part[]): ContentLine[] {
  const lines: ContentLine[] = [];
  const add = (part: Part): void => {
    if (part instanceof ContentLine) {
      lines.push(part);
      return;
    }
    lines.push(part.beginLine);
    part.parts.forEach(add);
    if (part.endLine !== null) lines.push(part.endLine);
  };
  parts.forEach(add);
  return lines;
}

/** Cheap: an event has 20,000 lines that are neither, and their names may never be asked for. */
function beginOrEnd(line: ContentLine): 'BEGIN' | 'END' | null {
  if (!/^\uFEFF?[BbEe]/.test(line.raw)) return null;
  return line.name === 'BEGIN' || line.name === 'END' ? line.name : null;
}

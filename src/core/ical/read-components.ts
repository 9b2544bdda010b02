// Parses the nesting of components (RFC 5545 §3.4). In: content lines; out: a tree with each line in its place, so that the
// joined lines are the text again. The tree is at most MAX_DEPTH deep. It refuses nothing: it lists incorrect nesting in
// `faults`, for the caller to decide.
import { ContentLine } from './content-lines.ts';

export interface Component {
  /** In upper case. */
  readonly name: string;
  readonly beginLine: ContentLine;
  /** Null if it is missing. */
  readonly endLine: ContentLine | null;
  /** The lines and components between BEGIN and END, in order. */
  readonly parts: readonly Part[];
}

export type Part = ContentLine | Component;

export interface ComponentTree {
  /** The outermost components and the lines around them, in order. */
  readonly parts: readonly Part[];
  /** All components at any depth, in the order of their BEGINs. */
  readonly components: readonly Component[];
  readonly faults: readonly NestingFault[];
}

export interface NestingFault {
  /** `no-begin`: an END without BEGIN, kept as a line. `no-end`: a component closed by the END of an outer one, or not at all. */
  readonly kind: 'no-begin' | 'no-end' | 'too-deep';
  readonly name: string;
  readonly message: string;
}

/** Clients use at most three levels. Deeper components are kept as lines. */
const MAX_DEPTH = 20;

interface OpenComponent extends Component {
  endLine: ContentLine | null;
  readonly parts: Part[];
}

/** With `outermost`, only components with that name are parsed, and everything outside of them is kept as lines. */
export function readComponents(lines: readonly ContentLine[], outermost: string | null = null): ComponentTree {
  const parts: Part[] = [];
  const components: Component[] = [];
  const faults: NestingFault[] = [];
  const open: OpenComponent[] = [];
  const begin = (line: ContentLine): boolean => {
    const name = nameIn(line);
    if (open.length === 0 && name !== (outermost ?? name)) return false;
    if (open.length === MAX_DEPTH) {
      faults.push({ kind: 'too-deep', name, message: 'nested too deep' });
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
      if (innermost) faults.push({ kind: 'no-begin', name, message: `END:${name} without its BEGIN` });
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
  return { kind: 'no-end', name, message: `${name} has no END${why}` };
}

/** Returns the VCALENDAR if the text has exactly one, nothing else, and correct nesting. Otherwise returns the problem. */
export function wholeCalendar({ parts, components, faults }: ComponentTree): Component | string {
  const [calendar, another] = components.filter(({ name }) => name === 'VCALENDAR');
  if (calendar === undefined) return 'no VCALENDAR';
  if (another !== undefined) return 'several VCALENDARs';
  if (faults[0] !== undefined) return faults[0].message;
  const outside = parts.some((part) => part !== calendar && !(part instanceof ContentLine && part.text.trim() === ''));
  return outside ? 'text outside of the VCALENDAR' : calendar;
}

/** Returns the component's own lines, without BEGIN, END and the lines of inner components. */
export function ownLines({ parts }: Component): ContentLine[] {
  return parts.filter((part) => part instanceof ContentLine);
}

/** Returns the components directly inside this one. */
export function componentsIn({ parts }: Component): Component[] {
  return parts.filter((part): part is Component => !(part instanceof ContentLine));
}

/** Returns all lines in the order of the text. */
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

/** Checks the first character first, because an event may have 20,000 other lines, whose names need not be parsed. */
function beginOrEnd(line: ContentLine): 'BEGIN' | 'END' | null {
  if (!/^\uFEFF?[BbEe]/.test(line.raw)) return null;
  return line.name === 'BEGIN' || line.name === 'END' ? line.name : null;
}

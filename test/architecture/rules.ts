// The rules about imports, as functions. In: source files by path; out: one sentence for each violation, with what to do
// about it.
import { builtinModules } from 'node:module';
import { type Import, importsOf, resolveImport, type Sources, withoutComments } from './read-imports.ts';

interface Layer {
  /** Imports, types included, go only to layers of a lower rank and within the layer. */
  readonly rank: number;
  /** Folders below the layer's own. */
  readonly folders: readonly string[];
  /** Files beside the folders; null: any. */
  readonly files: readonly string[] | null;
}

const LAYERS: Readonly<Record<string, Layer>> = {
  playground: { rank: 4, folders: [], files: null },
  app: { rank: 3, folders: ['cli', 'config', 'check'], files: null },
  doors: { rank: 2, folders: ['mail', 'web', 'dav', 'metrics'], files: ['listen.ts'] },
  adapters: {
    rank: 2,
    folders: ['caldav', 'spool', 'submission', 'authenticate', 'identity', 'webhook', 'recurrence', 'metrics'],
    files: [],
  },
  flow: {
    rank: 1,
    folders: ['ports', 'records', 'queue', 'outbound', 'questions', 'copies', 'inbound'],
    files: ['use-cases.ts'],
  },
  core: {
    rank: 0,
    folders: ['ical', 'itip', 'message', 'compose', 'pages', 'signing'],
    files: ['errors.ts', 'reasons.ts', 'within.ts'],
  },
};

/** In these layers a folder imports only itself and the folders to its left. */
const ROOM_ORDER: Readonly<Record<string, readonly string[]>> = {
  core: ['ical', 'itip', 'message', 'compose', 'pages'],
  flow: ['ports', 'records', 'queue', 'outbound', 'questions', 'copies', 'inbound'],
};

/** The command line loads the playground only on demand, so that production does not load its CalDAV server. */
const LOADS_PLAYGROUND = /^src\/app\/cli\//;

/** `node:sqlite` is missing in the types of our oldest Node, so a literal would not compile. */
const COMPUTES_IMPORT = new Set(['src/adapters/spool/sqlite-database.ts']);

/** Node's own modules that reach neither socket, file, clock nor environment. */
const PURE_NODE = new Set(['buffer', 'crypto', 'string_decoder', 'url', 'util', 'zlib', 'stream', 'path/posix']);
/** Packages that only compute, with every path by which they are imported. */
const PURE_PACKAGES = new Set([
  'asn1js',
  'entities',
  'ical.js',
  'intl-messageformat',
  'jose',
  'liquidjs',
  'nodemailer/lib/addressparser',
  'nodemailer/lib/base64',
  'nodemailer/lib/mail-composer',
  'nodemailer/lib/mime-node',
  'nodemailer/lib/qp',
  'sanitize-html',
  'timezones-ical-library',
  'windows-iana',
  'zod',
]);
const IMPURE_CODE =
  /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\s*\())|(?<!new )(?<![\w.])Date\(|\bprocess\.|\bperformance\.|\bconsole\.|\bglobalThis\b|\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill\w*)\b|\bgetRandomValues\b|\bset(?:Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|(?<![\w.])fetch\(/g;

interface Place {
  readonly layer: string;
  /** '' for a file beside the folders. */
  readonly folder: string;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly form: Import['form'];
}

function placeOf(file: string): Place {
  const [, layer = '', ...rest] = file.split('/');
  return { layer, folder: rest.length > 1 ? (rest[0] ?? '') : '' };
}

function edgesOf(sources: Sources): Edge[] {
  return [...sources].flatMap(([from, source]) =>
    importsOf(source).flatMap(({ specifier, form }) => {
      const to = resolveImport(sources, from, specifier);
      return to === null ? [] : [{ from, to, form }];
    }),
  );
}

export function unknownPlaces(sources: Sources): string[] {
  return [...sources.keys()].flatMap((file) => {
    const { layer, folder } = placeOf(file);
    const known = LAYERS[layer];
    const layers = Object.keys(LAYERS).join(', ');
    if (known === undefined) return [`${file}: "${layer}" is no layer. Put the file into one of ${layers}.`];
    if (folder === '') {
      const name = file.split('/').at(-1) ?? '';
      if (known.files === null || known.files.includes(name)) return [];
      return [
        `${file}: only ${known.files.join(', ') || 'no file'} may be beside the folders of ${layer}. Put it into a folder.`,
      ];
    }
    if (known.folders.includes(folder)) return [];
    const folders = known.folders.join(', ') || 'none';
    return [
      `${file}: "${folder}" is no folder of ${layer}, which has ${folders}. Put it there, or add the folder to LAYERS in test/architecture/rules.ts and to the design.`,
    ];
  });
}

/** A computed path, or a path to no file, would hide an import from all other rules. */
export function unreadableImports(sources: Sources): string[] {
  return [...sources].flatMap(([file, source]) =>
    importsOf(source).flatMap(({ specifier, form }) => {
      if (form === 'computed')
        return COMPUTES_IMPORT.has(file)
          ? []
          : [`${file}: the path of an import() is computed. Write it as a literal.`];
      const missing = specifier.startsWith('.') && resolveImport(sources, file, specifier) === null;
      return missing ? [`${file}: ${specifier} leads to no file of src. Correct the path.`] : [];
    }),
  );
}

export function layerBreaches(sources: Sources): string[] {
  return edgesOf(sources).flatMap(({ from, to }) => {
    const [one, other] = [placeOf(from).layer, placeOf(to).layer];
    const [rank, otherRank] = [LAYERS[one]?.rank, LAYERS[other]?.rank];
    if (one === other || other === 'playground' || rank === undefined || otherRank === undefined) return [];
    if (otherRank > rank) {
      return [`${from} imports ${to}: ${one} is below ${other}. ${MOVE_DOWN}`];
    }
    if (otherRank === rank) {
      return [`${from} imports ${to}: doors and adapters never import each other. ${MOVE_DOWN}`];
    }
    if (one === 'adapters' && other === 'flow' && placeOf(to).folder !== 'ports') {
      return [`${from} imports ${to}: of flow, adapters import only ports. Declare what it needs in src/flow/ports.`];
    }
    return [];
  });
}

const MOVE_DOWN =
  'Move what both need to src/flow/ports (an interface) or src/core (a value), or receive it as a parameter and let src/app pass it.';

export function folderBreaches(sources: Sources): string[] {
  return edgesOf(sources).flatMap(({ from, to }) => {
    const [one, other] = [placeOf(from), placeOf(to)];
    const order = ROOM_ORDER[one.layer];
    if (order === undefined || one.layer !== other.layer || one.folder === other.folder) return [];
    const breach = (rule: string): string[] => [`${from} imports ${to}: ${rule}`];
    if (one.layer === 'core') {
      if (other.folder === '') return [];
      if (one.folder === '') return breach('errors.ts and its neighbours import no folder of core.');
      if (one.folder === 'signing') {
        return other.folder === 'ical'
          ? []
          : breach('of the folders of core, signing imports only ical. Move the type to src/core/ical.');
      }
      if (other.folder === 'signing') {
        return one.folder === 'pages'
          ? []
          : breach('of core, only pages imports signing. Receive what it gives as a parameter.');
      }
    }
    if (one.layer === 'flow') {
      if (one.folder === '') return [];
      if (other.folder === '')
        return breach('use-cases.ts is above the folders of flow. Declare the type in the folder that implements it.');
    }
    if (order.indexOf(other.folder) <= order.indexOf(one.folder)) return [];
    return breach(
      `the order in ${one.layer} is ${order.join(' <- ')}, and a folder imports only to its left. Move what both need to ${one.folder} or further left.`,
    );
  });
}

export function playgroundImports(sources: Sources): string[] {
  return edgesOf(sources).flatMap(({ from, to, form }) => {
    if (placeOf(to).layer !== 'playground' || placeOf(from).layer === 'playground') return [];
    if (form === 'dynamic' && LOADS_PLAYGROUND.test(from)) return [];
    return [
      `${from} imports ${to}: only src/app/cli loads the playground, by import(). Move what both need out of it.`,
    ];
  });
}

export function impurities(sources: Sources): string[] {
  return [...sources].flatMap(([file, source]) => {
    const { layer } = placeOf(file);
    if (layer !== 'core' && layer !== 'flow') return [];
    const modules = importsOf(source)
      .filter(({ specifier, form }) => form !== 'computed' && !specifier.startsWith('.') && !isPure(specifier))
      .map(
        ({ specifier }) =>
          `${file} imports ${specifier}: ${layer} does no I/O of its own. Do it in an adapter, behind a port; a package that only computes may be added to PURE_PACKAGES in test/architecture/rules.ts.`,
      );
    const words = layer === 'core' ? [...withoutComments(source).matchAll(IMPURE_CODE)].map(([word]) => word) : [];
    return [
      ...modules,
      ...words.map(
        (word) =>
          `${file} uses ${word}: core has no clock, timer, environment or random source. Receive it as a parameter.`,
      ),
    ];
  });
}

function isPure(specifier: string): boolean {
  const name = specifier.replace(/^node:/, '');
  if (specifier.startsWith('node:') || builtinModules.includes(name)) return PURE_NODE.has(name);
  return PURE_PACKAGES.has(specifier);
}

/**
 * Type imports count: a type that depends on its user is as hard to read alone as a function that depends on its caller.
 */
export function cycles(sources: Sources): string[] {
  const next = new Map<string, string[]>([...sources.keys()].map((file) => [file, []]));
  for (const { from, to } of edgesOf(sources)) next.get(from)?.push(to);
  const told = new Set<string>();
  return [...sources.keys()].toSorted().flatMap((file) => {
    if (told.has(file)) return [];
    const cycle = shortestCycle(next, file);
    if (cycle === null) return [];
    for (const each of cycle) told.add(each);
    return [
      `${[...cycle, file].join(' -> ')}: an import cycle. Move what they share into a file of its own that imports neither.`,
    ];
  });
}

/** Returns the files of a cycle through `start`; null if there is none. */
function shortestCycle(next: ReadonlyMap<string, readonly string[]>, start: string): string[] | null {
  const before = new Map<string, string>();
  const open = [start];
  for (const file of open) {
    for (const to of next.get(file) ?? []) {
      if (to === start) return pathTo(before, file);
      if (before.has(to)) continue;
      before.set(to, file);
      open.push(to);
    }
  }
  return null;
}

function pathTo(before: ReadonlyMap<string, string>, end: string): string[] {
  const path = [end];
  for (let file = before.get(end); file !== undefined; file = before.get(file)) path.unshift(file);
  return path;
}

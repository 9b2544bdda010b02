// Checks the order of the layers and folders of src: which file may import which, types included. A failure names the import
// and says what to do. Each rule is also tested on a small tree that violates it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, type Sources } from './architecture/read-imports.ts';
import {
  cycles,
  impurities,
  layerBreaches,
  playgroundImports,
  folderBreaches,
  unknownPlaces,
  unreadableImports,
} from './architecture/rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function readSources(): Sources {
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [relative(root, file), readFileSync(file, 'utf8')]));
}

const rules = {
  unknownPlaces,
  unreadableImports,
  layerBreaches,
  folderBreaches,
  playgroundImports,
  impurities,
  cycles,
};
const ruleNames = [
  ['unknownPlaces', 'every file is in a known layer and folder'],
  ['unreadableImports', 'every import can be followed'],
  ['layerBreaches', 'imports go down: app, doors and adapters, flow, core'],
  ['folderBreaches', 'imports go left among the folders of core and of flow'],
  ['playgroundImports', 'nothing outside of the playground imports it'],
  ['impurities', 'core and flow do no I/O; core has no clock, timer, environment or random source'],
  ['cycles', 'no import leads back to its own file'],
] as const;

describe('src', () => {
  const sources = readSources();

  it('is read', () => {
    expect(sources.size).toBeGreaterThan(200);
    expect([...sources.values()].flatMap(importsOf).length).toBeGreaterThan(1_000);
  });

  it.each(ruleNames)('%s: %s', (rule) => {
    expect(rules[rule](sources)).toEqual([]);
  });
});

type Tree = Readonly<Record<string, string>>;
const treeOf = (tree: Tree): Sources => new Map(Object.entries(tree).map(([file, source]) => [`src/${file}`, source]));

describe('a tree that breaks a rule is told', () => {
  const type = (path: string): string => `import type { T } from '${path}';`;
  const breaches: readonly (readonly [what: string, rule: (typeof ruleNames)[number][0], tree: Tree, told: RegExp])[] =
    [
      ['a new layer', 'unknownPlaces', { 'lib/a.ts': '' }, /^src\/lib\/a\.ts: "lib" is no layer\. Put/],
      ['a new folder', 'unknownPlaces', { 'core/text/a.ts': '' }, /"text" is no folder of core/],
      [
        'a file beside the folders',
        'unknownPlaces',
        { 'flow/a.ts': '' },
        /only use-cases\.ts may be beside the folders of flow/,
      ],
      ['a file beside the layers', 'unknownPlaces', { 'a.ts': '' }, /is no layer/],
      [
        'a computed import',
        'unreadableImports',
        { 'app/a.ts': 'await import(name);' },
        /computed\. Write it as a literal/,
      ],
      ['a template import', 'unreadableImports', { 'app/a.ts': 'await import(`./${name}.ts`);' }, /is computed/],
      ['a path to nowhere', 'unreadableImports', { 'app/a.ts': type('./b.ts') }, /\.\/b\.ts leads to no file/],

      [
        'core imports flow',
        'layerBreaches',
        { 'core/ical/a.ts': type('../../flow/ports/b.ts'), 'flow/ports/b.ts': '' },
        /core is below flow\. Move/,
      ],
      [
        'flow imports a door',
        'layerBreaches',
        { 'flow/queue/a.ts': type('../../doors/web/b.ts'), 'doors/web/b.ts': '' },
        /flow is below doors/,
      ],
      [
        'flow imports an adapter',
        'layerBreaches',
        { 'flow/queue/a.ts': type('../../adapters/spool/b.ts'), 'adapters/spool/b.ts': '' },
        /flow is below adapters/,
      ],
      [
        'flow imports app',
        'layerBreaches',
        { 'flow/queue/a.ts': type('../../app/log.ts'), 'app/log.ts': '' },
        /src\/flow\/queue\/a\.ts imports src\/app\/log\.ts: flow is below app/,
      ],
      [
        'an adapter imports app',
        'layerBreaches',
        { 'adapters/spool/a.ts': type('../../app/log.ts'), 'app/log.ts': '' },
        /adapters is below app/,
      ],
      [
        'a door imports an adapter',
        'layerBreaches',
        { 'doors/web/a.ts': type('../../adapters/spool/b.ts'), 'adapters/spool/b.ts': '' },
        /never import each other/,
      ],
      [
        'an adapter imports a door',
        'layerBreaches',
        { 'adapters/spool/a.ts': type('../../doors/web/b.ts'), 'doors/web/b.ts': '' },
        /never import each other/,
      ],
      [
        'an adapter imports the queue',
        'layerBreaches',
        { 'adapters/spool/a.ts': type('../../flow/queue/b.ts'), 'flow/queue/b.ts': '' },
        /adapters import only ports\. Declare/,
      ],
      [
        'core starts a worker of an adapter',
        'layerBreaches',
        {
          'core/ical/a.ts': "new Worker(new URL('../../adapters/recurrence/b.js', import.meta.url))",
          'adapters/recurrence/b.ts': '',
        },
        /core is below adapters/,
      ],

      [
        'ical imports itip',
        'folderBreaches',
        { 'core/ical/a.ts': type('../itip/b.ts'), 'core/itip/b.ts': '' },
        /ical <- itip <- message <- compose <- pages/,
      ],
      [
        'message imports pages',
        'folderBreaches',
        { 'core/message/a.ts': type('../pages/b.ts'), 'core/pages/b.ts': '' },
        /only to its left\. Move/,
      ],
      [
        'signing imports itip',
        'folderBreaches',
        { 'core/signing/a.ts': type('../itip/b.ts'), 'core/itip/b.ts': '' },
        /signing imports only ical/,
      ],
      [
        'compose imports signing',
        'folderBreaches',
        { 'core/compose/a.ts': type('../signing/b.ts'), 'core/signing/b.ts': '' },
        /only pages imports signing/,
      ],
      [
        'errors imports a folder',
        'folderBreaches',
        { 'core/errors.ts': type('./ical/b.ts'), 'core/ical/b.ts': '' },
        /import no folder of core/,
      ],
      [
        'outbound imports copies',
        'folderBreaches',
        { 'flow/outbound/a.ts': type('../copies/b.ts'), 'flow/copies/b.ts': '' },
        /ports <- records <- queue <- outbound/,
      ],
      [
        'ports import records',
        'folderBreaches',
        { 'flow/ports/a.ts': type('../records/b.ts'), 'flow/records/b.ts': '' },
        /only to its left/,
      ],
      [
        'a folder imports the use cases',
        'folderBreaches',
        { 'flow/inbound/a.ts': type('../use-cases.ts'), 'flow/use-cases.ts': '' },
        /use-cases\.ts is above/,
      ],
      [
        'a handler in a folder of its own',
        'folderBreaches',
        { 'flow/copies/handlers/a.ts': type('../../inbound/b.ts'), 'flow/inbound/b.ts': '' },
        /only to its left/,
      ],

      [
        'app imports the playground',
        'playgroundImports',
        { 'app/a.ts': type('../playground/b.ts'), 'playground/b.ts': '' },
        /only src\/app\/cli loads the playground/,
      ],
      [
        'app loads the playground',
        'playgroundImports',
        { 'app/a.ts': "await import('../playground/b.ts');", 'playground/b.ts': '' },
        /only src\/app\/cli/,
      ],
      [
        'the command line imports it outright',
        'playgroundImports',
        { 'app/cli/a.ts': "import '../../playground/b.ts';", 'playground/b.ts': '' },
        /by import\(\)/,
      ],

      [
        'a file in core',
        'impurities',
        { 'core/ical/a.ts': "import { readFile } from 'node:fs/promises';" },
        /imports node:fs\/promises: core does no I\/O/,
      ],
      ['a socket without prefix', 'impurities', { 'core/ical/a.ts': "import { connect } from 'net';" }, /imports net/],
      [
        'a client in flow',
        'impurities',
        { 'flow/queue/a.ts': "import { Client } from 'pg';" },
        /imports pg: flow does no I\/O/,
      ],
      [
        'nodemailer as a whole',
        'impurities',
        { 'core/compose/a.ts': "import { createTransport } from 'nodemailer';" },
        /imports nodemailer:/,
      ],
      ...[
        'Date.now()',
        'new Date()',
        'new Date',
        'process.env',
        'process.hrtime()',
        'performance.now()',
        'Math.random()',
        'randomBytes(4)',
        'crypto.randomUUID()',
        'crypto.getRandomValues(a)',
        'setTimeout(f, 1)',
        'setInterval(f, 1)',
        'AbortSignal.timeout(1)',
        'console.log(1)',
        "globalThis['process']",
        "fetch('http://a.test')",
      ].map((code): [string, 'impurities', Tree, RegExp] => [
        code,
        'impurities',
        { 'core/ical/a.ts': `export const a = () => ${code};` },
        /^src\/core\/ical\/a\.ts uses .*Receive it as a parameter\.$/,
      ]),

      [
        'two files',
        'cycles',
        { 'app/a.ts': type('./b.ts'), 'app/b.ts': type('./a.ts') },
        /^src\/app\/a\.ts -> src\/app\/b\.ts -> src\/app\/a\.ts: an import cycle\. Move/,
      ],
      [
        'three files',
        'cycles',
        { 'app/a.ts': type('./b.ts'), 'app/b.ts': "export * from './c.ts';", 'app/c.ts': "await import('./a.ts');" },
        /a\.ts -> src\/app\/b\.ts -> src\/app\/c\.ts -> src\/app\/a\.ts/,
      ],
      [
        'a file and its worker',
        'cycles',
        { 'app/a.ts': "new URL('./b.ts', import.meta.url)", 'app/b.ts': type('./a.ts') },
        /a\.ts -> src\/app\/b\.ts/,
      ],
      ['a file that imports itself', 'cycles', { 'app/a.ts': type('./a.ts') }, /^src\/app\/a\.ts -> src\/app\/a\.ts/],
    ];

  it.each(breaches)('%s (%s)', (_what, rule, tree, told) => {
    expect(rules[rule](treeOf(tree))).toEqual([expect.stringMatching(told)]);
  });

  it('has an example for each rule', () => {
    expect(new Set(breaches.map(([, rule]) => rule))).toEqual(new Set(ruleNames.map(([rule]) => rule)));
  });

  it('is told of each cycle once', () => {
    const pair = (one: string, other: string): Tree => ({
      [`app/${one}`]: type(`./${other}`),
      [`app/${other}`]: type(`./${one}`),
    });
    expect(
      cycles(treeOf({ ...pair('a.ts', 'b.ts'), ...pair('c.ts', 'd.ts'), 'app/e.ts': type('./a.ts') })),
    ).toHaveLength(2);
  });
});

describe('a tree that keeps the rules is told nothing', () => {
  const tree = treeOf({
    'core/errors.ts': '',
    'core/ical/types.ts': "import { createHash } from 'node:crypto';",
    'core/itip/a.ts': "import type { T } from '../ical/types.ts';\nexport const a = (ms: number) => new Date(ms);",
    'core/signing/a.ts': "import type { T } from '../ical/types.ts';\nimport { E } from '../errors.ts';",
    'core/pages/a.ts': "import type { T } from '../signing/a.ts'; // or Date.now()",
    'flow/ports/a.ts': "import type { T } from '../../core/ical/types.ts';",
    'flow/inbound/a.ts': "import type { T } from '../ports/a.ts';\nsetTimeout(() => undefined, 1);",
    'flow/use-cases.ts': "export type { T } from './inbound/a.ts';",
    'adapters/recurrence/a.ts':
      "import type { T } from '../../flow/ports/a.ts';\nnew URL('./b-worker.js', import.meta.url)",
    'adapters/recurrence/b-worker.ts': '',
    'doors/web/a.ts': "import { T } from '../../flow/use-cases.ts';\nimport Koa from 'koa';",
    'app/start.ts': "import '../doors/web/a.ts';\nimport '../adapters/recurrence/a.ts';",
    'app/cli/a.ts': "await import('../../playground/a.ts');",
    'playground/a.ts': "import '../app/start.ts';",
  });
  it.each(ruleNames)('%s: %s', (rule) => expect(rules[rule](tree)).toEqual([]));
});

describe('an import is found', () => {
  const read = (source: string): string[] => importsOf(source).map(({ specifier, form }) => `${form} ${specifier}`);

  it.each([
    ["import a from './a.ts';", ['static ./a.ts']],
    ['import { a } from "./a.ts"', ['static ./a.ts']],
    ["import './a.ts';", ['static ./a.ts']],
    ["import type { A } from './a.ts';", ['static ./a.ts']],
    ["import * as a from './a.ts';", ['static ./a.ts']],
    ["import {\n  a, // it's a; 'comment'\n  type B,\n} from './a.ts';", ['static ./a.ts']],
    ["import a from './a.json' with { type: 'json' };", ['static ./a.json']],
    ["import a from './a.ts'; import b from './b.ts';", ['static ./a.ts', 'static ./b.ts']],
    ["export * from './a.ts';", ['static ./a.ts']],
    ["export type {\n  A,\n} from './a.ts';", ['static ./a.ts']],
    ["const a = await import('./a.ts');", ['dynamic ./a.ts']],
    ["const a = await import(\n  './a.ts'\n);", ['dynamic ./a.ts']],
    ["let a: import('./a.ts').A;", ['dynamic ./a.ts']],
    ["const a = require('./a.cjs');", ['dynamic ./a.cjs']],
    ["new Worker(new URL('./a-worker.js', import.meta.url));", ['worker ./a-worker.js']],
    ["const quote = /['\"`/]/;\nimport('./a.ts');", ['dynamic ./a.ts']],
  ])('%j', (source, found) => expect(read(source)).toEqual(found));

  it.each([
    "// import a from './a.ts';",
    "/*\nimport a from './a.ts';\n*/",
    "/** {@link import('./a.ts')} */",
    "export const from = './a.ts';",
    "export function f(a: 'from' | 'to'): './a.ts' {}",
    "new URL('../templates/', import.meta.url)",
    'const text = `import(${path})`;',
  ])('not in %j', (source) => expect(read(source)).toEqual([]));
});

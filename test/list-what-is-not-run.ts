// Printed before the first unit test: where the rest is, and what is skipped.
import { existsSync } from 'node:fs';
import { CORPORA, requirements, systemTestFiles } from './system/requirements.ts';

export function setup(): void {
  const needed = Object.values(requirements).map(({ tests }) => tests);
  const lines = [
    `Not run here: ${systemTestFiles().length} files under test/system (\`npm run test:system\`), which need ${needed.join(', ')}.`,
  ];
  if (!existsSync(CORPORA))
    lines.push(`Skipped: real clients' mails and other projects' suites; ${CORPORA} is not here.`);
  process.stderr.write(`${lines.join('\n')}\n`);
}

// What `npm test` prints first: where the other tests are, what they need, and what is skipped.
import { existsSync } from 'node:fs';
import { CORPORA, requirements, systemTestFiles } from './system/requirements.ts';

const needed = Object.values(requirements).map(({ tests }) => `    ${tests}\n`);
const skipped = existsSync(CORPORA)
  ? 'nothing'
  : `mails of real clients and the suites of other projects, because ${CORPORA} does not exist`;
process.stdout.write(`npm test runs every test that needs only Node.
  Skipped: ${skipped}.
  Not run: ${systemTestFiles().length} files under test/system. \`npm run test:system\` runs those whose programs are installed:
${needed.join('')}`);

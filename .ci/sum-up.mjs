// The last lines of `.ci/run`. In: a folder with a JSON report per script, and the names of the scripts that failed; out: what
// failed, by name, then `N passed, N failed`. Its status is 1 where anything failed.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [folder, ...failedScripts] = process.argv.slice(2);
const failures = [];
let passed = 0;

for (const script of ['test', 'test:system']) {
  const report = `${folder}/${script.replace(':', '-')}.json`;
  const failed = [];
  if (existsSync(report)) {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    passed += numPassedTests;
    for (const file of testResults.filter(({ status }) => status === 'failed')) {
      const name = relative('.', file.name);
      const tests = file.assertionResults.filter(({ status }) => status === 'failed');
      failed.push(...tests.map(({ fullName }) => `${name}: ${fullName}`));
      // A file that could not be read, or whose set-up failed, has no failed test of its own.
      if (tests.length === 0) failed.push(`${name}: ${file.message.split('\n')[0]}`);
    }
  }
  // Types, lint, or an error outside of all tests.
  if (failed.length === 0 && failedScripts.includes(script)) failed.push(`npm run ${script}`);
  failures.push(...failed);
}
if (failedScripts.includes('ci')) failures.push('npm ci');

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}\n`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;

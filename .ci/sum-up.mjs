// Prints the last lines of `.ci/run`. In: a folder with one JSON report per script, and the names of the scripts that failed;
// out: the names of the failed tests, then `N passed, N failed`. Exits with 1 if anything failed.
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
      // A file that could not be loaded, or whose set-up failed, has no failed tests.
      if (tests.length === 0) failed.push(`${name}: ${file.message.split('\n')[0]}`);
    }
  }
  if (failed.length === 0 && failedScripts.includes(script))
    failed.push(`npm run ${script}: type check, lint, or an error outside the tests; see its output above`);
  failures.push(...failed);
}
if (failedScripts.includes('ci')) failures.push('npm ci');

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}\n`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;

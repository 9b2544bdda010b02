// Prints before the first system test which tests are skipped and what they need. With CI set, it refuses every skip except
// those that a container makes necessary.
import { missingFor, type RequirementName, requirements, systemTestFiles } from './requirements.ts';

export function setup(): void {
  const names = Object.keys(requirements) as RequirementName[];
  const skipped = names.filter((name) => missingFor(name).length > 0);
  const lines = skipped.map((name) => {
    const { tests, packages } = requirements[name];
    return `  ${tests}: ${missingFor(name).join(', ')} (Debian: ${packages})`;
  });
  const said = lines.length === 0 ? 'nothing is skipped.' : `skipped, with what is missing:\n${lines.join('\n')}`;
  process.stderr.write(`System tests, ${systemTestFiles().length} files: ${said}\n`);
  const faults = skipped.filter((name) => !('optional' in requirements[name]));
  if (process.env['CI'] && faults.length > 0) throw new Error(`CI is set, but missing for: ${faults.join(', ')}`);
}

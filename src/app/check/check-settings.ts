// The environment in; out: a Config or null, and a link for the settings, with each fault and each warning by name.
// Templates are compiled too, since a broken override stops the gateway.
import { compileTemplates } from '../../core/compose/templates.ts';
import { type Config, configWarnings, readConfig } from '../config/config.ts';
import { readTemplates } from '../config/read-templates.ts';
import { attention, failed, messageOf, ok } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'settings';

export async function checkSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ link: Link; config: Config | null }> {
  const read = readConfig(environment);
  if (read.kind === 'invalid') {
    const { faults } = read;
    const said = faults.length === 1 ? 'one setting cannot be used' : `${faults.length} settings cannot be used`;
    return { link: failed(NAME, said, ...faults), config: null };
  }
  const { config } = read;
  try {
    const { languages } = compileTemplates(await readTemplates(config.templatesDir));
    if (!languages.includes(config.defaultLanguage)) {
      const fault = `DEFAULT_LANGUAGE must be one of ${languages.join(', ')}`;
      return { link: failed(NAME, 'one setting cannot be used', fault), config };
    }
  } catch (error) {
    const todo = `mend the file in TEMPLATES_DIR, or take it away: ${messageOf(error)}`;
    return { link: failed(NAME, 'a template cannot be used', todo), config };
  }
  const warnings = configWarnings(config);
  if (warnings.length > 0) return { link: attention(NAME, 'they can be used', ...warnings), config };
  return { link: ok(NAME, 'they can be used, templates too'), config };
}

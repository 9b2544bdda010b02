// Checks the settings. In: the environment; out: a Config, or null if it is invalid, and the result with each fault and each
// warning. It compiles the templates as well, because the gateway does not start with a broken override.
import { compileTemplates } from '../../core/compose/templates.ts';
import { type Config, configWarnings, readConfig } from '../config/config.ts';
import { readTemplates } from '../config/read-templates.ts';
import { type CheckResult, failed, messageOf, ok, warning } from './check-result.ts';

const NAME = 'settings';

export async function checkSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ result: CheckResult; config: Config | null }> {
  const read = readConfig(environment);
  if (read.kind === 'invalid') {
    const { faults } = read;
    const finding = faults.length === 1 ? 'one setting is invalid' : `${faults.length} settings are invalid`;
    return { result: failed(NAME, finding, ...faults), config: null };
  }
  const { config } = read;
  try {
    const { languages } = compileTemplates(await readTemplates(config.templatesDir));
    if (!languages.includes(config.defaultLanguage)) {
      const fault = `DEFAULT_LANGUAGE must be one of ${languages.join(', ')}`;
      return { result: failed(NAME, 'one setting is invalid', fault), config };
    }
  } catch (error) {
    const todo = `fix or remove the file in TEMPLATES_DIR: ${messageOf(error)}`;
    return { result: failed(NAME, 'a template is invalid', todo), config };
  }
  const warnings = configWarnings(config);
  if (warnings.length > 0) return { result: warning(NAME, 'the settings are valid', ...warnings), config };
  return { result: ok(NAME, 'the settings and templates are valid'), config };
}

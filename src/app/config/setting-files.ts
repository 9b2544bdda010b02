// Reads the files that settings name, before the gateway opens anything. In: a Config; out: the compiled templates. It
// throws one error with all faults, each with the name of its setting.
import { calendarStoreOptions, mailDoorOptions, submissionOptions } from './adapter-options.ts';
import { openCalendarStore } from '../../adapters/caldav/open-calendar-store.ts';
import { compileTemplates } from '../../core/compose/templates.ts';
import type { Templates } from '../../core/compose/types.ts';
import type { Config } from './config.ts';
import { GatewayError } from '../../core/errors.ts';
import { readTemplates } from './read-templates.ts';
import { readTlsFiles } from '../../doors/mail/tls-files.ts';
import { openSubmission } from '../../adapters/submission/open-submission.ts';

/** Throws `config-invalid`, with one line per fault. */
export async function readSettingFiles(config: Config): Promise<Templates> {
  const faults: string[] = [];
  const attempt = async <T>(name: string, read: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      faults.push(error.message.startsWith(name) ? error.message : `${name}: ${error.message}`);
      return null;
    }
  };
  const templates = await attempt('TEMPLATES_DIR', async () =>
    compileTemplates(await readTemplates(config.templatesDir)),
  );
  if (templates !== null && !templates.languages.includes(config.defaultLanguage)) {
    const known = templates.languages.join(', ');
    faults.push(`DEFAULT_LANGUAGE must be one of ${known}: there is no catalogue for ${config.defaultLanguage}`);
  }
  await attempt('CALDAV_AUTH', () => openCalendarStore(calendarStoreOptions(config)).close());
  await attempt('DKIM_KEY', async () => openSubmission(await submissionOptions(config)).close());
  const { tls } = mailDoorOptions(config);
  if (tls !== null) await attempt('SMTP_TLS_CERT', () => readTlsFiles(tls));
  if (templates === null || faults.length > 0) throw new GatewayError('config-invalid', faults.join('\n'));
  return templates;
}

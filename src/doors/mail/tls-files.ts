// Certificate and key for STARTTLS, from files that a renewal replaces under us: read again when they change, and only
// taken over when they are PEM and belong together, since a live door with a broken context refuses every handshake.
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../flow/ports/log.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Throws GatewayError `config-invalid` where the files cannot be read or do not fit. */
export function readTlsFiles(files: TlsFiles): TlsPair {
  try {
    const pair = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('config-invalid', `SMTP_TLS_CERT and SMTP_TLS_KEY cannot be used: ${why}`, { cause });
  }
}

/** Calls back with each new pair that fits; one that does not is logged and left. Returns what ends the watch. */
export function watchTlsFiles(files: TlsFiles, everyMs: number, log: Log, use: (pair: TlsPair) => void): () => void {
  const reload = () => {
    try {
      use(readTlsFiles(files));
      log.info({ certFile: files.certFile }, 'tls certificate reloaded');
    } catch (error) {
      // Also seen when only one of the two files has been replaced so far: the other's change brings us here again.
      log.warn({ err: error, certFile: files.certFile }, 'new tls certificate is not usable, the old one stays');
    }
  };
  const watched = [files.certFile, files.keyFile];
  // Polled: a rename or a symlink swap, which is how renewals arrive, ends an fs.watch of the old file.
  for (const file of watched) watchFile(file, { interval: everyMs, persistent: false }, reload);
  return () => {
    for (const file of watched) unwatchFile(file, reload);
  };
}

// Reads the certificate and key for STARTTLS, and reloads them after a renewal. In: two PEM files; out: a pair that can be
// used. It refuses files that are not PEM or do not match, because with a broken pair every handshake would fail.
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

/** Throws GatewayError `config-invalid` if the files cannot be read or do not match. */
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

/** Calls `use` with each new valid pair; an invalid one is logged. Returns a function that stops watching. */
export function watchTlsFiles(files: TlsFiles, everyMs: number, log: Log, use: (pair: TlsPair) => void): () => void {
  const reload = () => {
    try {
      use(readTlsFiles(files));
      log.info({ certFile: files.certFile }, 'tls certificate reloaded');
    } catch (error) {
      // This also happens when only one file has been replaced so far; the change of the other triggers another reload.
      log.warn({ err: error, certFile: files.certFile }, 'new tls certificate is invalid, keeping the old one');
    }
  };
  const watched = [files.certFile, files.keyFile];
  // The files are polled, because fs.watch loses a file that a renewal replaces by a rename or a symlink.
  for (const file of watched) watchFile(file, { interval: everyMs, persistent: false }, reload);
  return () => {
    for (const file of watched) unwatchFile(file, reload);
  };
}

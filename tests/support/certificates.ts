import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram } from './redis_servers.ts';

/** Node can read certificates but not make them. */
export const hasOpenssl = hasProgram('openssl', 'version');

/** An authority of a test's own. */
export type Authority = {
  readonly ca: string;
  /** A certificate and its key for the address 127.0.0.1, or for a client. */
  readonly issue: (name: string) => { readonly cert: string; readonly key: string };
};

/** Makes an authority whose files lie in the folder. */
export function makeAuthority(folder: string, name: string): Authority {
  const file = (last: string) => join(folder, `${name}-${last}`);
  const openssl = (...parameters: string[]) => execFileSync('openssl', parameters, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const [ca, caKey] = [file('ca.crt'), file('ca.key')];
  openssl('req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-days', '2', '-subj', `/CN=${name}`);
  return {
    ca,
    issue: (holder) => {
      const [key, request, cert, extensions] = [file(`${holder}.key`), file(`${holder}.csr`), file(`${holder}.crt`), file(`${holder}.ext`)];
      writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1\n');
      openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${holder}`);
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        '-CA',
        ca,
        '-CAkey',
        caKey,
        '-CAcreateserial',
        '-out',
        cert,
        '-days',
        '2',
        '-extfile',
        extensions,
      );
      return { cert, key };
    },
  };
}

import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A place where a certificate is shown, or a file that holds one. */
export type CertificatePlace =
  | { readonly name: string; readonly host: string; readonly port: number; readonly serverName?: string | undefined }
  | { readonly name: string; readonly file: string };

export interface CertificateFacts {
  readonly name: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** When the certificates end; a place that does not answer is left out (other rules tell of it). Never rejects. */
export async function readCertificates(places: readonly CertificatePlace[], timeoutMs: number): Promise<CertificateFacts[]> {
  const found = await Promise.allSettled(places.map(async (place) => ({ name: place.name, expiresAt: 'file' in place ? await endOfFile(place.file) : await endAt(place, timeoutMs) })));
  return found.flatMap((each) => (each.status === 'fulfilled' && Number.isFinite(each.value.expiresAt) ? [each.value] : []));
}

async function endOfFile(file: string): Promise<number> {
  return Date.parse(new X509Certificate(await readFile(file)).validTo);
}

/** Only looks at the certificate: whether it is to be trusted is for those who send something. */
function endAt({ host, port, serverName }: { readonly host: string; readonly port: number; readonly serverName?: string | undefined }, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...(serverName === undefined ? {} : { servername: serverName }), rejectUnauthorized: false, timeout: timeoutMs });
    socket.once('secureConnect', () => { resolve(Date.parse(socket.getPeerCertificate().valid_to)); socket.destroy(); });
    socket.once('timeout', () => { reject(new Error('no answer')); socket.destroy(); });
    socket.once('error', reject);
  });
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, createServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCertificates } from '../../src/adapters/tls/certificates.ts';
import { makeCertificate } from '../support/certificate.ts';

const DAY_MS = 86_400_000;
const certificate = makeCertificate('localhost', ['localhost']);
const server = createServer({ cert: certificate.cert, key: certificate.key });
const folder = mkdtempSync(join(tmpdir(), 'sluice-certificates-'));

beforeAll(async () => { await once(server.listen(0, '127.0.0.1'), 'listening'); });
afterAll(() => { server.close(); rmSync(folder, { recursive: true }); });

it('tells when the certificates of servers and files end, and leaves out what cannot be asked', async () => {
  const file = join(folder, 'client.pem');
  writeFileSync(file, certificate.cert);
  writeFileSync(join(folder, 'broken.pem'), 'none');
  const { port } = server.address() as AddressInfo;
  const found = await readCertificates([
    { name: 'server', host: '127.0.0.1', port }, { name: 'file', file },
    { name: 'nobody', host: '127.0.0.1', port: 1 }, { name: 'broken', file: join(folder, 'broken.pem') }, { name: 'absent', file: join(folder, 'absent.pem') },
  ], 60_000);
  expect(found.map(({ name }) => name)).toEqual(['server', 'file']);
  for (const { expiresAt } of found) expect(Math.abs(expiresAt - Date.now() - DAY_MS)).toBeLessThan(120_000);
});

it('the certificates of the tests can be read, whatever their length', () => {
  for (let length = 1; length <= 64; length += 1) expect(() => createSecureContext(makeCertificate('n'.repeat(length), ['localhost']))).not.toThrow();
});

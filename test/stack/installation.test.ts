import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { install } from '../../src/stack/installation.ts';
import { kafka } from '../../src/stack/servers/kafka.ts';

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'sluice-cache-')); });
afterEach(() => { vi.unstubAllEnvs(); rmSync(folder, { recursive: true }); });

test('without Maven a sentence says what to install, and nothing half-made is left', async () => {
  vi.stubEnv('SLUICE_CACHE', folder);
  vi.stubEnv('PATH', folder);
  const installing = install(kafka, { home: folder, feature: 25, build: '' }, () => undefined);
  await expect(installing).rejects.toMatchObject({ code: 'STACK_FAILED', message: expect.stringMatching(/needs Maven .*apt-get install maven/) });
  expect(readdirSync(folder).filter((name) => name.startsWith('kafka'))).toEqual([]);
});

import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { startChild } from '../../src/demo/children.ts';
import { tempFolder } from '../support/temp-folder.ts';

const REGION = { kafka: { brokers: ['127.0.0.1:1'] }, elasticsearch: { nodes: ['http://127.0.0.1:2'] } };
const CONFIG = JSON.stringify({ regions: { west: REGION }, source: { kafka: REGION.kafka }, reference: {}, processor: { drainTimeoutMs: 1_000 } });

afterEach(() => { vi.unstubAllEnvs(); });

it('names a process that ends before it serves, with its last words', async () => {
  const folder = tempFolder({ 'bad.json': '{}' });
  await expect(startChild('west-west', ['process', '--lane', 'west-west', '--config', join(folder, 'bad.json')], folder))
    .rejects.toThrow(/west-west ended with exit code 2[^]*regions: expected/);
});

it('starts a process that serves its status, whatever the environment says of its servers, and stops it', async () => {
  vi.stubEnv('SLUICE__REGIONS__WEST__KAFKA__BROKERS', 'nothing that could be a broker');
  const folder = tempFolder({ 'good.json': CONFIG });
  const child = await startChild('west-west', ['process', '--lane', 'west-west', '--config', join(folder, 'good.json')], folder);
  const status = await (await fetch(`${child.url}/status`)).json() as { parts: Record<string, { lane: string }> };
  expect(status.parts['west-west']?.lane).toBe('west-west');
  expect((await fetch(`${child.url}/readyz`)).status).toBe(503);
  await child.stop(10_000);
  expect(await child.ended).toContain('west-west ended');
});

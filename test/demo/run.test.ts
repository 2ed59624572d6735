import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { removeRun } from '../../src/demo/clean-up.ts';
import { demoOptions } from '../../src/demo/options.ts';
import { isRunPrefix, runEnvironment, runPrefix } from '../../src/demo/run-config.ts';
import { Run } from '../../src/demo/run.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Servers that are not there. */
const REGION = { kafka: { brokers: ['127.0.0.1:1'] }, elasticsearch: { nodes: ['http://127.0.0.1:2'] } };
const SERVERS = { regions: { west: REGION }, source: { kafka: REGION.kafka } };

afterEach(() => { vi.unstubAllEnvs(); });

describe('a run on given servers', () => {
  it('has names, ports, pipelines and reference files of its own, whatever file and environment say', async () => {
    const given = { ...SERVERS, prefix: 'shop.', http: { port: 9464 }, pipelines: ['sold-items'], reference: { url: 'http://127.0.0.1:3' }, processor: { batchOperations: 7 } };
    const folder = tempFolder({ 'production.json': JSON.stringify(given) });
    const variables = { SLUICE__PREFIX: 'shop.', SLUICE__HTTP__PORT: '9464', SLUICE__PIPELINES: 'sold-items', SLUICE__REFERENCE__REFRESH_MS: '5', SLUICE__LOG__LEVEL: 'warn', SLUICE__REGIONS__WEST__RATE__DOCUMENTS_PER_SECOND: '10' };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const run = new Run(demoOptions(['--once', '--json', '--config', join(folder, 'production.json')]));
    await run.bringUpServers();
    const { prefix, http, pipelines, reference, processor, log, regions } = run.config;
    // There is no server to remove anything from.
    await expect(run.close()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect(prefix).toMatch(/^demo-/);
    expect(http.port).toBe(0);
    expect(pipelines).toEqual(['sold-items', 'closed-listings', 'retail-sales']);
    expect(reference).toEqual(configSchema.shape.reference.parse({}));
    expect([processor.batchOperations, log.level, regions['west']?.rate.documentsPerSecond]).toEqual([7, 'warn', 10]);
  });
});

describe('the environment of a run', () => {
  it('has no say in what the run decided, however it is written', () => {
    const kept = { SLUICE__LOG__LEVEL: 'warn', SLUICE__KAFKA__CLIENT: 'kafkajs', SLUICE_STACK: 'jvm', SLUICE_CACHE: '/cache', PATH: '/bin', PREFIX: '/usr' };
    const left = { SLUICE__PREFIX: 'shop.', sluice__Prefix: 'shop.', SLUICE__PRE_FIX: 'shop.', SLUICE___PREFIX: 'shop.', SLUICE__REGIONS: '{}', SLUICE__REGIONS__WEST__KAFKA__BROKERS: 'a:1', SLUICE__SOURCE__KAFKA__BROKERS: 'a:1', SLUICE__HOST__ID: 'one' };
    expect(runEnvironment({ ...kept, ...left })).toEqual(kept);
  });
});

describe('the end of a run', () => {
  it.each(['', 'shop.', 'demo.', 'demo-eu.', 'demo-1234567g.'])('removes nothing that bears the prefix "%s"', async (prefix) => {
    await expect(removeRun(configSchema.parse({ ...SERVERS, prefix }), pino({ level: 'silent' }))).rejects.toMatchObject({ code: 'BUG' });
  });

  it('knows the prefix of a run', () => {
    expect(isRunPrefix(runPrefix())).toBe(true);
  });
});

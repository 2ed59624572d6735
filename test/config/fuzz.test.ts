import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { tempFolder } from '../support/temp-folder.ts';

const GOOD = {
  regions: { west: { kafka: { brokers: ['a:1'] }, elasticsearch: { nodes: ['http://a:2'] } } },
  source: { kafka: { brokers: ['a:1'] } },
  processor: { inFlight: 2 }, ingest: {}, http: { port: 0 }, log: { level: 'info' }, host: {}, topics: {}, indices: {}, reference: {}, pipelines: ['sold-items'],
};

const KEYS = [...Object.keys(GOOD), 'west', 'kafka', 'brokers', 'tls', 'caFile', 'sasl', 'nodes', 'inFlight', 'level', 'constructor', 'toString', '__proto__', '', 'prototype'];
const anything = fc.anything({ key: fc.oneof(fc.constantFrom(...KEYS), fc.string()), maxDepth: 4, withBigInt: false });
const shaped = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)), fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...KEYS), tie('tree'), { maxKeys: 5 })),
})).tree;
const broken = fc.tuple(fc.constantFrom(...Object.keys(GOOD)), fc.oneof(shaped, anything)).map(([key, value]) => ({ ...GOOD, [key]: value }));
const variables = fc.dictionary(
  fc.array(fc.oneof(fc.constantFrom(...KEYS.map((key) => key.toUpperCase())), fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 4 }).map((parts) => `SLUICE__${parts.join('__')}`),
  fc.oneof(fc.string(), fc.constantFrom('{"a":1}', '[1,2]', 'a,b', '5', 'true', '{"__proto__":1}')), { maxKeys: 3 });

async function judge(cwd: string, name: string, text: string, env: Record<string, string>): Promise<void> {
  writeFileSync(join(cwd, name), text);
  try {
    const config = await loadConfig({ cwd, file: name, env });
    expect(Object.keys(config.regions).length).toBeGreaterThan(0);
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('CONFIG_INVALID');
    expect((error as SluiceError).message).toMatch(/^the configuration /);
  }
}

/** Programs started: each costs half a second. */
const STARTS = 4;
const SLUICE = fileURLToPath(new URL('../../src/main/sluice.ts', import.meta.url));

it('whatever is wrong, the programs say it, end with exit code 2 and have started nothing', async () => {
  const cwd = tempFolder();
  const bad: string[] = [];
  for (const value of fc.sample(fc.oneof(broken, shaped), { seed: 4, numRuns: 200 })) {
    const text = JSON.stringify(value) ?? '';
    writeFileSync(join(cwd, 'sluice.config.json'), text);
    if (await loadConfig({ cwd, file: 'sluice.config.json', env: {} }).then(() => false, () => true)) bad.push(text);
  }
  expect(bad.length).toBeGreaterThan(STARTS);
  for (const [at, text] of bad.slice(0, STARTS).entries()) {
    writeFileSync(join(cwd, 'sluice.config.json'), text);
    const command = [['ingest'], ['process', '--lane', 'west-west'], ['setup'], ['api']][at % 4] ?? [];
    const { status, stdout, stderr } = spawnSync(process.execPath, [SLUICE, ...command], { cwd, encoding: 'utf8' });
    expect([status, stdout], `${command.join(' ')} with ${text}`).toEqual([2, '']);
    expect(stderr).toMatch(/the configuration /);
    expect(stderr).not.toMatch(/running|    at /);
  }
}, 60_000);

it('any JSON is either a whole configuration or a clear refusal', { timeout: 300_000 }, async () => {
  const cwd = tempFolder();
  await fc.assert(fc.asyncProperty(fc.oneof(broken, shaped, anything), variables, async (value, env) => {
    await judge(cwd, 'sluice.config.json', JSON.stringify(value) ?? '', env);
  }), { numRuns: 300 });
});

it('any text is either a whole configuration or a clear refusal', { timeout: 300_000 }, async () => {
  const cwd = tempFolder();
  await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), fc.constantFrom('&a [*a]', '*x', '!!js/function x', '? {a: 1}: 2', '<<: 1', '['.repeat(20_000))), variables, async (text, env) => {
    await judge(cwd, 'sluice.config.yaml', text, env);
  }), { numRuns: 300 });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, loadConfigWithSources } from '../../src/config/load.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MINIMAL = `
regions:
  west: { kafka: { brokers: ["127.0.0.1:1"] }, elasticsearch: { nodes: ["http://127.0.0.1:2"] } }
source: { kafka: { brokers: ["127.0.0.1:1"] } }
`;

async function refusal(files: Record<string, string>, env: Record<string, string> = {}): Promise<string> {
  try {
    await loadConfig({ cwd: tempFolder(files), env, knownPipelines: ['sold-items', 'closed-listings', 'retail-sales'] });
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('CONFIG_INVALID');
    return (error as SluiceError).message;
  }
  throw new Error('the configuration was accepted');
}

describe('loading the configuration', () => {
  it('finds the file in the folder and fills the defaults', async () => {
    const config = await loadConfig({ cwd: tempFolder({ 'sluice.config.yaml': MINIMAL }), env: {} });
    expect(config.regions['west']?.kafka.brokers).toEqual(['127.0.0.1:1']);
    expect(config.processor.batchOperations).toBe(5_000);
  });

  it('reads JSON, TypeScript and mjs files alike', async () => {
    const data = { regions: { west: { kafka: { brokers: ['a:1'] }, elasticsearch: { nodes: ['http://a:2'] } } }, source: { kafka: { brokers: ['a:1'] } } };
    const json = JSON.stringify(data);
    for (const [name, text] of [['sluice.config.json', json], ['sluice.config.mjs', `export default ${json}`], ['sluice.config.ts', `const config: object = ${json};\nexport default config;`]] as const) {
      const config = await loadConfig({ cwd: tempFolder({ [name]: text }), env: {} });
      expect(config.source.kafka.brokers, name).toEqual(['a:1']);
    }
  });

  it('takes the file named on the command line before SLUICE_CONFIG', async () => {
    const cwd = tempFolder({ 'one.yaml': `prefix: one.\n${MINIMAL}`, 'two.yaml': `prefix: two.\n${MINIMAL}` });
    expect((await loadConfig({ cwd, env: { SLUICE_CONFIG: 'two.yaml' } })).prefix).toBe('two.');
    expect((await loadConfig({ cwd, file: 'one.yaml', env: { SLUICE_CONFIG: 'two.yaml' } })).prefix).toBe('one.');
  });

  it('works from the environment alone', async () => {
    const config = await loadConfig({ cwd: tempFolder({}), env: {
      SLUICE__REGIONS__US_WEST__KAFKA__BROKERS: 'a:1, b:2',
      SLUICE__REGIONS__US_WEST__ELASTICSEARCH__NODES: '["http://a:9200"]',
      SLUICE__SOURCE: '{"kafka":{"brokers":["c:3"]}}',
    } });
    expect(config.regions['us-west']?.kafka.brokers).toEqual(['a:1', 'b:2']);
    expect(config.source.kafka.brokers).toEqual(['c:3']);
  });

  it('lets the environment override the file, parsed by the type of the field', async () => {
    const cwd = tempFolder({ 'sluice.config.yaml': MINIMAL });
    const config = await loadConfig({ cwd, env: {
      SLUICE__PROCESSOR__BATCH_BYTES: '8192', SLUICE__INGEST__INFLIGHTBYTES: '67108864', SLUICE__PIPELINES: 'sold-items',
      SLUICE__REGIONS__WEST__KAFKA__TLS__REJECT_UNAUTHORIZED: 'false', SLUICE__HOST__ID: '42',
    } });
    expect(config.processor.batchBytes).toBe(8_192);
    expect(config.ingest.inFlightBytes).toBe(67_108_864);
    expect(config.pipelines).toEqual(['sold-items']);
    expect(config.regions['west']?.kafka.tls?.rejectUnauthorized).toBe(false);
    expect(config.host.id).toBe('42');
  });

  it('lets the environment set a number that may be null', async () => {
    const cwd = tempFolder({ 'sluice.config.yaml': MINIMAL });
    const config = await loadConfig({ cwd, env: { SLUICE__REGIONS__WEST__RATE__DOCUMENTS_PER_SECOND: '1000' } });
    expect(config.regions['west']?.rate.documentsPerSecond).toBe(1_000);
  });

  it('says where each value comes from', async () => {
    const loaded = await loadConfigWithSources({ cwd: tempFolder({ 'sluice.config.yaml': MINIMAL }), env: { SLUICE__LOG__LEVEL: 'warn' } });
    expect(loaded.sourceOf(['log', 'level'])).toBe('environment SLUICE__LOG__LEVEL');
    expect(loaded.sourceOf(['source', 'kafka', 'brokers'])).toBe('file');
    expect(loaded.sourceOf(['http', 'port'])).toBe('default');
  });

  it('makes the paths of files absolute, relative to the file that names them', async () => {
    const cwd = tempFolder({ 'ca.pem': 'x', 'sluice.config.yaml': `
regions:
  west: { kafka: { brokers: ["a:1"], tls: { caFile: ca.pem } }, elasticsearch: { nodes: ["http://a:2"] } }
source: { kafka: { brokers: ["a:1"] } }
` });
    expect((await loadConfig({ cwd, env: {} })).regions['west']?.kafka.tls?.caFile).toBe(join(cwd, 'ca.pem'));
  });
});

describe('the program that runs Spark', () => {
  const spark = async (given: string): Promise<string | undefined> => {
    const cwd = tempFolder({ 'spark-submit': '#!/bin/sh', 'sluice.config.yaml': `
regions:
  west: { kafka: { brokers: ["a:1"] }, elasticsearch: { nodes: ["http://a:2"] } }
source: { kafka: { brokers: ["a:1"] } }
backfill: { spark: { submit: "${given}", database: prod_sales } }
` });
    return (await loadConfig({ cwd, env: {} })).backfill.spark.submit?.replace(cwd, '.');
  };

  it('is found beside the file that names it, and along the PATH', async () => {
    expect(await spark('./spark-submit')).toBe('./spark-submit');
    expect(await spark('spark-submit')).toBe('spark-submit');
  });
});

describe('a bad configuration', () => {
  it('lists every problem at once, with path, expectation and finding', async () => {
    const message = await refusal({ 'sluice.config.yaml': `
prefix: Bad
regoins: {}
regions:
  west: { kafka: { brokers: ["nonsense"] }, elasticsearch: { nodes: ["http://a:2"], username: u } }
processor: { batchBites: 5, inFlight: many, budgetBytes: 1048576 }
pipelines: [sold-items, sold-itmes]
` });
    expect(message).toContain('prefix: expected');
    expect(message).toContain('regoins: expected a known key (did you mean regions?), found an unknown key');
    expect(message).toContain('regions.west.kafka.brokers[0]: expected host:port, found "nonsense"');
    expect(message).toContain('regions.west.elasticsearch.username: expected a username with its password');
    expect(message).toContain('processor.batchBites: expected a known key (did you mean batchBytes?)');
    expect(message).toContain('processor.inFlight: expected a number, found "many"');
    expect(message).toContain('source: expected a group of keys, found nothing');
    expect(message).toContain('pipelines[1]: expected one of sold-items, closed-listings, retail-sales, found "sold-itmes"');
  });

  it.each([
    ['a key file without its certificate', 'tls: { keyFile: k.pem }', 'certFile and keyFile together'],
    ['a password given twice', 'sasl: { mechanism: PLAIN, username: u, password: p, passwordFile: f }', 'only one of password, passwordFile'],
    ['a user without password', 'sasl: { mechanism: PLAIN, username: u }', 'a password or a passwordFile'],
    ['a file that is not there', 'tls: { caFile: nowhere.pem }', 'a file that can be read'],
    ['an empty secret file', 'sasl: { mechanism: PLAIN, username: u, passwordFile: empty }', 'which is empty'],
  ])('is refused: %s', async (_, extra, complaint) => {
    expect(await refusal({ empty: '', 'sluice.config.yaml': `
regions:
  west: { kafka: { brokers: ["a:1"], ${extra} }, elasticsearch: { nodes: ["http://a:2"] } }
source: { kafka: { brokers: ["a:1"] } }
` })).toContain(complaint);
  });

  it('names the variable that a bad value or an unknown key came from', async () => {
    const message = await refusal({ 'sluice.config.yaml': MINIMAL }, { SLUICE__PROCESSOR__IN_FLIGHT: 'x', SLUICE__PROCESSOR__BATCHSIZE: '1', SLUICE__REGIONS____KAFKA: '1' });
    expect(message).toContain('processor.inFlight: expected a number, found "x" (from SLUICE__PROCESSOR__IN_FLIGHT)');
    expect(message).toContain('SLUICE__PROCESSOR__BATCHSIZE');
    expect(message).toContain('SLUICE__REGIONS____KAFKA');
  });

  it('keeps room for the batches in flight', async () => {
    expect(await refusal({ 'sluice.config.yaml': MINIMAL }, { SLUICE__PROCESSOR__BUDGET_BYTES: '4000000', SLUICE__PROCESSOR__MAX_DOCUMENT_BYTES: '1000000' }))
      .toContain('processor.budgetBytes: expected at least fetchBytes + inFlight × batchBytes, found 4000000');
  });

  it('never shows a secret', async () => {
    const message = await refusal({ 'sluice.config.yaml': `
regions:
  west: { kafka: { brokers: ["a:1"], sasl: { mechanism: PLAIN, username: u, password: [hunter2], passwordFile: 5 } }, elasticsearch: { nodes: ["http://me:hunter2@a:2"] } }
source: { kafka: { brokers: ["u:hunter2@a:1"] } }
` });
    expect(message.replace('u:hunter2@a:1', '')).not.toContain('hunter2');
  });

  it.each([
    ['two files', { 'sluice.config.yaml': MINIMAL, 'sluice.config.json': '{}' }],
    ['YAML with an error', { 'sluice.config.yaml': 'a: [1' }],
    ['JSON with an error', { 'sluice.config.json': '{"a":' }],
    ['a module that throws', { 'sluice.config.mjs': 'throw new Error("no")' }],
    ['a module without default', { 'sluice.config.mjs': 'export const a = 1' }],
    ['a list', { 'sluice.config.yaml': '- 1' }],
    ['a prototype key', { 'sluice.config.json': '{"__proto__": {"a": 1}}' }],
  ])('is refused with a sentence: %s', async (_, files) => {
    expect(await refusal(files as unknown as Record<string, string>)).toMatch(/^the configuration /);
  });

  it('is refused when the named file is not there', async () => {
    await expect(loadConfig({ cwd: tempFolder({}), env: {}, file: 'nowhere.yaml' })).rejects.toThrow(/nowhere\.yaml cannot be read/);
  });
});

import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { laneOf } from '../../src/domain/lane.ts';
import { regionalTopicOf, sourceTopicOf, type AnyPipeline, type Lookups } from '../../src/domain/pipeline.ts';
import { createProcessor } from '../../src/indexing/processor.ts';
import { createIngest } from '../../src/ingest/ingest.ts';
import { readMapping } from '../../src/setup/mapping-files.ts';
import { outcomeOf, ownLookups } from '../pipelines/apply.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { freeRate } from '../support/rate.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { blocksOf, page, ROOT } from './markdown.ts';
import { until } from '../support/until.ts';

/** A copy of the project in which the walk-through of the README has been done; the rest is linked. */
const FOLDER = join(ROOT, '.sluice', `walk-through-${randomBytes(4).toString('hex')}`);
const FILES = blocksOf(page('README.md')).flatMap(({ file, text }) => (file !== null && /^(pipelines|mappings)\//.test(file) ? [{ file, text }] : []));
const LOG = pino({ level: 'silent' });

interface Fixture {
  readonly event: Record<string, unknown>;
  readonly expected: Record<string, unknown> & { readonly document?: Record<string, unknown> };
}

let pipeline: AnyPipeline;
let lookups: Lookups;

beforeAll(async () => {
  layOut();
  const { pipelines } = (await import(pathToFileURL(join(FOLDER, 'pipelines/index.ts')).href)) as { pipelines: AnyPipeline[] };
  pipeline = pipelines.find(({ name }) => name === 'offers') as AnyPipeline;
  lookups = await ownLookups();
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

function layOut(): void {
  mkdirSync(join(FOLDER, 'pipelines'), { recursive: true });
  symlinkSync(join(ROOT, 'src'), join(FOLDER, 'src'));
  for (const name of readdirSync(join(ROOT, 'pipelines'))) if (name !== 'index.ts') symlinkSync(join(ROOT, 'pipelines', name), join(FOLDER, 'pipelines', name));
  writeFileSync(join(FOLDER, 'pipelines/index.ts'), withOffers(readFileSync(join(ROOT, 'pipelines/index.ts'), 'utf8')));
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['pipelines/offers/*.ts', 'pipelines/index.ts'] }));
  for (const { file, text } of FILES) {
    mkdirSync(dirname(join(FOLDER, file)), { recursive: true });
    writeFileSync(join(FOLDER, file), text);
  }
}

/** The last step: a line in the list. */
function withOffers(index: string): string {
  return `import { offers } from './offers/pipeline.ts';\n${index}`.replace('\n];', '\n  offers,\n];');
}

function fixtures(): Fixture[] {
  return FILES.filter(({ file }) => file.includes('/fixtures/')).map(({ text }) => JSON.parse(text) as Fixture);
}

describe('the walk-through of the README', () => {
  it('holds every file of a pipeline', () => {
    expect(FILES.map(({ file }) => file)).toEqual(expect.arrayContaining([
      'pipelines/offers/event.ts', 'pipelines/offers/pipeline.ts', 'mappings/offers/v1.json', expect.stringContaining('pipelines/offers/fixtures/') as string,
    ]));
  });

  it('has the right types', { timeout: 180_000 }, () => {
    const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(FOLDER, 'tsconfig.json')], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('makes of its fixtures what they say', async () => {
    for (const { event, expected } of fixtures()) {
      const outcome = await outcomeOf(pipeline, Buffer.from(JSON.stringify(event)), lookups);
      const actual = outcome.kind === 'failed'
        ? { stage: outcome.stage, problem: outcome.problem }
        : { id: outcome.id, version: outcome.held.version, index: outcome.held.index, document: outcome.held.source };
      expect(actual).toStrictEqual(expected);
    }
  });

  it('maps every field of its documents', async () => {
    const { mappings } = await readMapping('offers', pathToFileURL(join(FOLDER, 'mappings/')));
    const { dynamic, properties } = mappings as { dynamic: string; properties: Record<string, unknown> };
    expect(dynamic).toBe('strict');
    const fields = fixtures().flatMap(({ expected }) => Object.keys(expected.document ?? {}));
    expect(Object.keys(properties).sort()).toStrictEqual([...new Set([...fields, 'fingerprint', 'origin'])].sort());
    const { mappings: own } = await readMapping('sold-items');
    expect(properties['origin']).toStrictEqual((own as { properties: Record<string, unknown> }).properties['origin']);
  });

  it('runs: an event goes through ingest and a lane into the index, one that fails into the failure index', async () => {
    const source = new MemoryLog();
    source.createTopic(sourceTopicOf('', 'offers'));
    const west = new MemoryLog();
    for (const name of ['offers', 'failures']) west.createTopic(regionalTopicOf('', name));
    const search = new MemorySearch();
    const stop = startAll(source, west, search);
    const producer = source.producer({ compression: 'none', deliveryTimeoutMs: 5_000 });
    await producer.send(fixtures().map(({ event }) => ({ topic: sourceTopicOf('', 'offers'), key: null, value: Buffer.from(JSON.stringify(event)) })));
    const [good] = fixtures().flatMap(({ expected }) => (expected.document === undefined ? [] : [expected]));
    await until(() => {
      expect(search.document(String(good?.['index']), String(good?.['id']))).toMatchObject({ version: good?.['version'], source: good?.document });
      expect([...search.indices].filter(([name, { documents }]) => name.startsWith('sluice-failures-') && documents.size === 1)).toHaveLength(1);
    });
    await stop();
  });
});

/** Ingest and the primary lane of one region. Resolves the returned function's promise when both have drained. */
function startAll(source: MemoryLog, west: MemoryLog, search: MemorySearch): () => Promise<void> {
  const shared = { clock: systemClock, log: LOG, host: 'host', prefix: '', pipelines: [pipeline] };
  const ingest = createIngest({ ...shared, source, regions: new Map([['west', west]]), lookups, settings: configSchema.shape.ingest.parse({ lingerMs: 0 }), registry: new Registry(), sourceCluster: 'source' });
  const lane = laneOf('west', 'west');
  const settings = configSchema.shape.processor.parse({ batchAgeMs: 2 });
  const processor = createProcessor({
    ...shared, lane, source: west, destination: search, indices: { ensure: async () => [], forget: () => {} },
    settings, rate: freeRate(settings), origin: { role: lane.role, code: 'test', host_group: 'default' },
    hostGroup: 'default', random: Math.random, newId: randomUUID, registry: new Registry(),
  });
  const drain = new AbortController();
  const running = Promise.all([ingest.run(drain.signal), processor.run(drain.signal)]);
  return async () => { drain.abort(); await running; };
}

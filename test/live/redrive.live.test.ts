import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { connectElasticsearch } from '../../src/adapters/elasticsearch/connect.ts';
import { connectKafka } from '../../src/adapters/kafka/connect.ts';
import { encodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { regionalTopicOf, sourceTopicOf } from '../../src/domain/pipeline.ts';
import type { OutgoingRecord, RecordLog } from '../../src/ports/record-log.ts';
import type { Json, SearchCluster } from '../../src/ports/search-index.ts';
import { OWN_INDICES } from '../../src/domain/system-names.ts';
import { runSluice, sluiceJson, spawnSluice } from '../support/processes.ts';
import { testEndpoints, uniquePrefix, waitFor } from '../support/stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOLD_AT = Date.UTC(2026, 10, 20);
const VERSION = 1024 * SOLD_AT;
const EVENT = { listingId: '500', transactionId: '7', soldAt: SOLD_AT, updatedAt: SOLD_AT, status: 'sold', site: 'US', title: 'lamp', categoryId: '1101', sellerId: 's10001', condition: 'new', format: 'auction', quantity: 1, priceCents: 1250, shippingCents: 0, currency: 'USD', buyerCountry: 'US' };

/** The command line as an operator uses it, on real servers, while ingest and all four lanes run. */
describe('redrive from the command line', () => {
  const prefix = uniquePrefix();
  const index = `${prefix}sold-items-2026.11.20`;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redrive-'));
  const config = join(folder, 'sluice.config.yaml');
  const children: ChildProcess[] = [];
  const searches = new Map<string, SearchCluster>();
  const logs = new Map<string, RecordLog>();
  let source: RecordLog;

  const sluice = async (...args: string[]) => await runSluice(config, args);
  async function json(...args: string[]): Promise<{ code: number; report: Json }> {
    const { code, out } = await sluiceJson(config, args);
    return { code, report: out };
  }
  async function send(log: RecordLog, record: OutgoingRecord): Promise<void> {
    const producer = log.producer({ compression: 'none', deliveryTimeoutMs: 10_000 });
    await producer.send([record]);
    await producer.close();
  }
  async function stored(region: string, id: string): Promise<{ version: number; source: Json } | null> {
    const { status, body } = await (searches.get(region) as SearchCluster).call('GET', `/${index}/_doc/${id}`, undefined, { okStatuses: [404] });
    return status === 404 ? null : { version: body['_version'] as number, source: body['_source'] as Json };
  }
  /** Open failures of a type in all regions. */
  async function open(type: string): Promise<number> {
    const counts = await Promise.all([...searches.values()].map(async (search) => {
      await search.call('POST', `/${prefix}sluice-failures/_refresh`);
      return Number((await search.call('POST', `/${prefix}sluice-failures/_count`, { query: { bool: { filter: [{ term: { 'error.type': type } }, { term: { state: 'open' } }] } } })).body['count']);
    }));
    return counts.reduce((sum, count) => sum + count, 0);
  }
  /** The same bad document in both regions' topics, as ingest would have written it. */
  async function sendDocument(id: string, body: string): Promise<void> {
    const envelope = encodeEnvelope({ operation: 'index', schema: 1, version: VERSION, routingTime: SOLD_AT, sourceTime: Date.now(), ingestTime: Date.now(), pipeline: 'sold-items', id });
    for (const log of logs.values()) await send(log, { topic: regionalTopicOf(prefix, 'sold-items'), key: Buffer.from(id), value: Buffer.from(body), headers: new Map([[ENVELOPE_HEADER, envelope]]) });
  }

  beforeAll(async () => {
    const endpoints = await testEndpoints();
    writeFileSync(config, stringify({ prefix, regions: endpoints.regions, source: { kafka: endpoints.source }, pipelines: ['sold-items'], topics: { partitions: 2 }, indices: { ahead: 0, behind: 0 } }));
    const open = (brokers: readonly string[]) => connectKafka({ client: 'platformatic', brokers: [...brokers], clientId: 'test', requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 }, { onWarning: () => {} });
    for (const [name, region] of Object.entries(endpoints.regions)) {
      searches.set(name, connectElasticsearch({ nodes: region.elasticsearch.nodes, requestTimeoutMs: 30_000, maxSockets: 4, compression: false }));
      logs.set(name, open(region.kafka.brokers));
    }
    source = open(endpoints.source.brokers);
    const setup = await sluice('setup');
    expect(setup, setup.err).toMatchObject({ code: 0 });
    children.push(spawnSluice(config, ['ingest']), spawnSluice(config, ['process', ...[...logs.keys()].flatMap((from) => [...logs.keys()].flatMap((to) => ['--lane', `${from}-${to}`]))]));
  });
  afterAll(async () => {
    await Promise.all(children.map((child) => new Promise((resolve) => { child.once('exit', resolve); if (child.exitCode === null) child.kill('SIGTERM'); else resolve(null); })));
    for (const search of searches.values()) {
      const { body } = await search.call('GET', `/${prefix}*/_alias`, undefined, { okStatuses: [404] });
      for (const name of Object.keys(body)) await search.call('DELETE', `/${name}`, undefined, { okStatuses: [404] });
      for (const name of ['sold-items', ...OWN_INDICES]) await search.call('DELETE', `/_index_template/${prefix}${name}`, undefined, { okStatuses: [404] });
      await search.close();
    }
    for (const log of [source, ...logs.values()]) {
      const admin = log.admin();
      await admin.deleteTopics((await admin.listTopics()).filter((topic) => topic.startsWith(prefix)));
      await admin.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('mends documents that no lane could index: rehearsed first, then in both regions alike, once', async () => {
    await sendDocument('bad-1', '{"title":"lamp","price":"cheap","deleted":false}');
    await waitFor(async () => (await open('document_parsing_exception')) === 4, { timeoutMs: 90_000, what: 'a failure from each of the four lanes' });
    const patch = join(folder, 'mend.ts');
    writeFileSync(patch, 'export function transform(document: { price: string }, failure: { pipeline: string }) { return failure.pipeline === "sold-items" ? { ...document, price: 12.5 } : null; }\n');
    const choice = ['--type', 'document_parsing_exception'];

    const asIs = await json('failures', 'redrive', ...choice, '--dry-run');
    expect(asIs).toMatchObject({ code: 1, report: { ok: false, entries: [{ copies: 4, regions: [{ region: 'west', verdict: 'would be rejected' }, { region: 'east', verdict: 'would be rejected' }] }] } });
    const rehearsed = await sluice('failures', 'redrive', ...choice, '--patch', patch, '--dry-run');
    expect(rehearsed.code, rehearsed.err).toBe(0);
    for (const part of ['- price: "cheap"', '+ price: 12.5', 'west: would be applied', 'east: would be applied', 'Nothing was changed']) expect(rehearsed.out).toContain(part);
    for (const search of searches.values()) expect(Object.keys((await search.call('GET', `/${prefix}sluice-scratch-*/_alias`)).body)).toEqual([]);
    expect(await stored('west', 'bad-1')).toBeNull();

    const redriven = await json('failures', 'redrive', ...choice, '--patch', patch, '--by', 'olga');
    expect(redriven).toMatchObject({ code: 0, report: { ok: true, failures: 4, cases: 1, counts: { applied: 1 } } });
    const [west, east] = [await stored('west', 'bad-1'), await stored('east', 'bad-1')];
    expect(west).toEqual(east);
    expect(west).toMatchObject({ version: VERSION, source: { price: 12.5, origin: { role: 'redrive' } } });
    expect(await json('failures', 'redrive', ...choice)).toMatchObject({ code: 0, report: { cases: 0 } });
    const [line] = (await json('failures', 'list', ...choice, '--state', 'redriven')).report['failures'] as { id: string }[];
    expect((await json('failures', 'show', String(line?.id))).report).toMatchObject({ failures: [{ state: 'redriven', history: [{ by: 'olga', action: 'redrive' }] }] });
  });

  it('sends an event that ingest could not read through ingest again, into both regions', async () => {
    await send(source, { topic: sourceTopicOf(prefix, 'sold-items'), key: Buffer.from('500'), value: Buffer.from(JSON.stringify(EVENT).replaceAll('"', "'")) });
    await waitFor(async () => (await open('decode_error')) === 2, { timeoutMs: 90_000, what: 'the failure in both regions' });
    const patch = join(folder, 'quotes.mjs');
    writeFileSync(patch, 'export function transform(text) { return text.replaceAll("\'", \'"\'); }\n');
    expect(await json('failures', 'redrive', '--stage', 'decode')).toMatchObject({ code: 1, report: { ok: false, counts: { rejected: 1 } } });
    expect(await json('failures', 'redrive', '--stage', 'decode', '--patch', patch, '--dry-run')).toMatchObject({ code: 0, report: { entries: [{ plan: 'through ingest', target: { index, documentId: '500-7', version: VERSION } }] } });
    expect(await json('failures', 'redrive', '--stage', 'decode', '--patch', patch)).toMatchObject({ code: 0, report: { cases: 1, counts: { written: 1 } } });
    for (const region of searches.keys()) {
      const found = await waitFor(() => stored(region, '500-7'), { timeoutMs: 90_000, what: `the document in ${region}` });
      expect(found).toMatchObject({ version: VERSION, source: { title: 'lamp', deleted: false } });
    }
    expect(await open('decode_error')).toBe(0);
  });

  it('never overwrites what is newer, and gives up only what it is told to', async () => {
    await sendDocument('bad-2', '{"title":"lamp","price":"cheap"}');
    await waitFor(async () => (await open('document_parsing_exception')) === 4, { timeoutMs: 90_000, what: 'the failures of the second document' });
    for (const search of searches.values()) await search.call('PUT', `/${index}/_doc/bad-2?version=${VERSION + 1024}&version_type=external`, { title: 'newer' });
    const patch = join(folder, 'mend.ts');
    expect(await json('failures', 'redrive', '--document', 'bad-2', '--patch', patch, '--raise-epoch')).toMatchObject({ code: 0, report: { counts: { superseded: 1 } } });
    for (const region of searches.keys()) expect(await stored(region, 'bad-2')).toMatchObject({ version: VERSION + 1024, source: { title: 'newer' } });
    await sendDocument('bad-3', '{"title":"lamp","unheard_of":1}');
    await waitFor(async () => (await open('strict_dynamic_mapping_exception')) === 4, { timeoutMs: 90_000, what: 'the failures of the third document' });
    expect(await sluice('failures', 'discard', '--reason', 'a test')).toMatchObject({ code: 2 });
    expect(await json('failures', 'discard', '--text', 'unheard_of', '--lane', 'west-west', '--reason', 'a test')).toMatchObject({ code: 0, report: { failures: 1, discarded: 4 } });
    expect((await json('failures', 'stats', '--state', 'discarded')).report).toMatchObject({ total: 4, by: { region: { west: 2, east: 2 } } });
  });

  it('serves the same over REST, with its health beside it, until it is told to stop', async () => {
    const child = spawn(process.execPath, ['src/main/sluice.ts', '--config', config, 'api'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, SLUICE__LOG__LEVEL: 'error' } });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      const { url } = await new Promise<{ url: string }>((resolve) => child.once('message', (message) => resolve(message as { url: string })));
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect(await (await fetch(`${url}/v1/failures?state=discarded`)).json()).toMatchObject({ total: 4, problems: [] });
      const started = await fetch(`${url}/v1/redrives`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ state: ['discarded'], text: 'unheard_of', by: 'olga' }) });
      expect(started.status).toBe(202);
      const run = await waitFor(async () => { const found = (await (await fetch(url + String(started.headers.get('location')))).json()) as Json; return found['ended'] === null ? null : found; }, { timeoutMs: 60_000, what: 'the run to end' });
      expect(run).toMatchObject({ state: 'ended', report: { ok: false, cases: 1, counts: { rejected: 1 } } });
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/sluice_redrive_cases_total\{[^}]*result="rejected"[^}]*\} 1/);
      expect(await open('strict_dynamic_mapping_exception')).toBe(4);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
  });
});

import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectElasticsearch } from '../../src/adapters/elasticsearch/connect.ts';
import { ITEM_RULES, REQUEST_RULES, type Outcome } from '../../src/domain/outcome.ts';
import { readReply, type Reply } from '../../src/indexing/bulk-reply.ts';
import type { Answer, Json, SearchCluster } from '../../src/ports/search-index.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { BULK_CASES, bodyOf, type Line, type Targets } from '../contract/bulk-cases.ts';
import { prepareTargets } from '../contract/search-index.contract.ts';

const SERVER = 'elasticsearch-west';
const PREFIX = 'outcomes.';
const TARGETS: Targets = { index: `${PREFIX}open`, blocked: `${PREFIX}blocked`, closed: `${PREFIX}closed`, missing: `${PREFIX}missing-2026.11`, id: '' };
const PATIENCE_MS = 20_000;
/** Where the server waits for four fifths of the time in vain, and must still be able to say so in the last one. */
const WAITING_MS = 25_000;
/** The server takes on no more than this at once, as if it were very busy … */
const PRESSURE_LIMIT = '32kb';
/** … which is less than so many operations. */
const BUSY_OPERATIONS = 1_000;
/** Elasticsearch takes bodies of up to 100 MB. */
const TOO_LARGE_BYTES = 101 * 1024 * 1024;
/** What the contract's cases write as `status` or `status error-type`, and what must become of it. */
const EXPECTED: Readonly<Record<string, Outcome>> = {
  '200': 'applied', '201': 'applied', '404': 'applied', '409 version_conflict_engine_exception': 'superseded',
  '400 document_parsing_exception': 'rejected', '400 strict_dynamic_mapping_exception': 'rejected', '400 illegal_argument_exception': 'rejected', '400 invalid_index_name_exception': 'rejected',
  '403 cluster_block_exception': 'hold', '400 index_closed_exception': 'hold', '404 index_not_found_exception': 'hold',
};

/** An Elasticsearch of its own, since it is overloaded, blocked and frozen here. */
describe('the outcome table, as a real server answers', () => {
  let stack: Stack;
  let cluster: SearchCluster;
  const seen = { items: new Set<string>(), requests: new Set<string>() };

  beforeAll(async () => {
    stack = await startStack({ only: [SERVER] });
    await stack.stop(SERVER);
    appendFileSync(join(stack.folder, SERVER, 'config', 'node.properties'), `indexing_pressure.memory.limit=${PRESSURE_LIMIT}\n`);
    await stack.start(SERVER);
    cluster = connectElasticsearch({ nodes: stack.servers.map(({ url }) => url), requestTimeoutMs: PATIENCE_MS, maxSockets: 4, compression: false });
    await prepareTargets(cluster, PREFIX, TARGETS);
  });
  afterAll(async () => {
    await cluster?.close();
    await stack?.down();
  });

  async function ask(body: Buffer, count: number, operationOf: (at: number) => 'index' | 'delete' = () => 'index', timeoutMs = PATIENCE_MS): Promise<Reply> {
    const answer = await cluster.bulk({ body, detail: 'full', timeoutMs });
    note(answer, operationOf);
    return readReply(answer, count, operationOf);
  }

  /** Which rows the answer falls under. */
  function note(answer: Answer, operationOf: (at: number) => 'index' | 'delete'): void {
    const status = answer.kind === 'silent' ? 'silent' : answer.status;
    seen.requests.add(REQUEST_RULES.find((rule) => rule.matches(status))?.answer ?? '');
    if (answer.kind === 'silent' || answer.status !== 200) return;
    const { items } = JSON.parse(answer.body.toString()) as { items?: Record<string, { status: number; error?: { type: string } }>[] };
    (items ?? []).flatMap((item) => Object.values(item)).forEach((item, at) => {
      seen.items.add(ITEM_RULES.find((rule) => rule.matches({ operation: operationOf(at), status: item.status, type: item.error?.type ?? null }))?.answer ?? '');
    });
  }

  /** What the server says to a bulk request of so many bytes before it has seen one of them. */
  async function announced(bytes: number): Promise<Answer> {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': bytes, expect: '100-continue' };
    const asked = request(new URL('/_bulk', stack.servers[0]?.url), { method: 'POST', headers });
    asked.flushHeaders();
    const [head] = (await once(asked, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of head) chunks.push(chunk as Buffer);
    asked.destroy();
    return { kind: 'answered', status: head.statusCode ?? 0, body: Buffer.concat(chunks) };
  }

  const put = (id: string, index = TARGETS.index): Line[] => [{ index: { _index: index, _id: id, version: 1, version_type: 'external' } }, { count: 1 }];
  const one = (id: string, index?: string, timeoutMs?: number): Promise<Reply> => ask(bodyOf(put(id, index)), 1, undefined, timeoutMs);
  const settings = (transient: Json) => cluster.call('PUT', '/_cluster/settings', { transient });

  it.each(BULK_CASES)('$name', async ({ name, before, lines, status, outcome }) => {
    const own = { ...TARGETS, id: `${name}-` };
    if (before !== undefined) await ask(bodyOf(before(own)), 0);
    const actions = lines(own).filter((line): line is Json => typeof line !== 'string' && ('index' in line || 'delete' in line));
    const reply = await ask(bodyOf(lines(own)), actions.length, (at) => ('delete' in (actions[at] ?? {}) ? 'delete' : 'index'));
    expect(reply.unknown).toBe(0);
    if (status === 400) expect(reply).toMatchObject({ request: 'bisect', flaw: { type: expect.any(String) as string } });
    else expect(reply.outcomes ?? actions.map(() => 'applied')).toEqual((outcome as readonly string[]).map((told) => EXPECTED[told]));
  });

  it('a disk at its flood stage: the item is sent again', async () => {
    await cluster.call('PUT', `/${PREFIX}flooded`, { settings: { number_of_replicas: 0, 'index.blocks.read_only_allow_delete': true } });
    expect(await one('flooded', `${PREFIX}flooded`)).toMatchObject({ outcomes: ['retry'], unknown: 0 });
  });

  it('a shard that no node carries: the item is sent again', async () => {
    await cluster.call('PUT', `/${PREFIX}homeless?wait_for_active_shards=0`, { settings: { number_of_replicas: 0, 'index.routing.allocation.require._name': 'nobody' } });
    expect(await one('homeless', `${PREFIX}homeless`, WAITING_MS)).toMatchObject({ outcomes: ['retry'], unknown: 0 });
  });

  it('a body that is too large: halved', async () => {
    const answer = await announced(TOO_LARGE_BYTES);
    note(answer, () => 'index');
    expect(readReply(answer, 1, () => 'index')).toMatchObject({ request: 'bisect-size', unknown: 0 });
  });

  it('a server that is too busy for the request: all of it is sent again', async () => {
    const lines = Array.from({ length: BUSY_OPERATIONS }, (_, at) => put(`busy-${at}`)).flat();
    expect(await ask(bodyOf(lines), BUSY_OPERATIONS)).toMatchObject({ request: 'retry', flaw: { type: 'es_rejected_execution_exception' }, unknown: 0 });
  });

  it('a cluster that takes no writes: the lane holds', async () => {
    await settings({ 'cluster.blocks.read_only': true });
    try {
      const reply = await one('read-only');
      expect(reply.outcomes ?? [reply.request]).toEqual(['hold']);
    } finally {
      await settings({ 'cluster.blocks.read_only': null });
    }
  });

  it('no answer: sent again', async () => {
    await stack.kill(SERVER, 'SIGSTOP');
    try {
      expect(await one('silent', TARGETS.index, 500)).toMatchObject({ request: 'retry', unknown: 0 });
    } finally {
      await stack.kill(SERVER, 'SIGCONT');
    }
  });

  it('has no further row but the one for answers that no rule names', () => {
    const unseen = (rules: readonly { readonly answer: string }[], rows: ReadonlySet<string>) => rules.map(({ answer }) => answer).filter((answer) => !rows.has(answer));
    expect(unseen(ITEM_RULES, seen.items)).toEqual(['anything else']);
    expect(unseen(REQUEST_RULES, seen.requests)).toEqual(['anything else']);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, BulkRequest, Json, SearchCluster } from '../../src/ports/search-index.ts';
import { BULK_CASES, bodyOf, type BulkCase, type Line, type Targets } from './bulk-cases.ts';

/** A cluster under test, and the beginning of every name that the suite may use on it. */
export interface ClusterUnderTest {
  readonly cluster: SearchCluster;
  readonly prefix: string;
}

export interface ContractOptions {
  /** Told of each real answer, with what varies from run to run taken out. */
  readonly onAnswers?: (name: string, answers: Readonly<Record<BulkRequest['detail'], { status: number; body: string }>>) => Promise<void>;
}

const TIMEOUT_MS = 20_000;
const MAPPINGS = {
  dynamic: 'strict',
  properties: {
    count: { type: 'long' },
    sold: { type: 'date' },
    deleted: { type: 'boolean' },
    seller: { properties: { name: { type: 'keyword' } } },
  },
};

/** What every search cluster must do. */
export function searchIndexContract(name: string, open: () => Promise<ClusterUnderTest>, options: ContractOptions = {}): void {
  describe(`search index: ${name}`, () => {
    let cluster: SearchCluster;
    let prefix = '';
    let targets: Targets;

    beforeAll(async () => {
      ({ cluster, prefix } = await open());
      targets = { index: `${prefix}open`, blocked: `${prefix}blocked`, closed: `${prefix}closed`, missing: `${prefix}missing-2026.11`, id: '' };
      await prepareTargets(cluster, prefix, targets);
    }, 60_000);
    afterAll(async () => {
      await cluster.call('DELETE', `/${targets.index},${targets.blocked},${targets.closed}?ignore_unavailable=true`);
      await cluster.call('DELETE', `/_index_template/${prefix}missing`);
      await cluster.close();
    });

    async function send(lines: readonly Line[], detail: BulkRequest['detail'] = 'full'): Promise<{ status: number; body: Buffer }> {
      return answered(await cluster.bulk({ body: bodyOf(lines), detail, timeoutMs: TIMEOUT_MS }));
    }

    describe('outcome of one operation', () => {
      for (const bulkCase of BULK_CASES) {
        test(bulkCase.name, async () => {
          const terse = await sendCase(bulkCase, 'terse');
          const full = await sendCase(bulkCase, 'full');
          for (const answer of [terse, full]) {
            expect(answer.status).toBe(bulkCase.status);
            expectOutcome(JSON.parse(answer.body) as Json, bulkCase);
          }
          await options.onAnswers?.(bulkCase.name, { terse, full });
        });
      }
      async function sendCase({ name: caseName, before, lines }: BulkCase, detail: BulkRequest['detail']): Promise<{ status: number; body: string }> {
        const own = { ...targets, id: `${caseName}-${detail}-` };
        if (before !== undefined) await send(before(own));
        const { status, body } = await send(lines(own), detail);
        return { status, body: body.toString().replaceAll(prefix, '').replace(/"took":\d+/, '"took":1') };
      }
    });

    describe('shape of an answer', () => {
      test('a terse one holds status and error type alone', async () => {
        await send([put('shape', 5), { count: 1 }]);
        const { body } = await send([put('shape', 5), { count: 2 }, put('shape', 6), { count: 3 }], 'terse');
        expect(body.toString()).toMatch(/^\{"errors":true,"took":\d+,"items":\[\{"index":\{"status":409,"error":\{"type":"version_conflict_engine_exception"\}\}\},\{"index":\{"status":200\}\}\]\}$/);
      });
      test('a full one says why', async () => {
        const { body } = await send([put('why', 5), { count: 'many' }, put('why', 5), { surprise: 1 }]);
        const { items } = JSON.parse(body.toString()) as { items: { index: { error: { reason: string; caused_by?: Json } } }[] };
        expect(items[0]?.index.error.reason).toContain("failed to parse field [count] of type [long] in document with id 'why'");
        expect(items[0]?.index.error.caused_by).toEqual({ type: 'illegal_argument_exception', reason: 'For input string: "many"' });
        expect(items[1]?.index.error.reason).toContain('dynamic introduction of [surprise] within [_doc] is not allowed');
      });
      test('items stand in the order of the operations', async () => {
        const lines = Array.from({ length: 50 }, (_, index) => [put(`order-${index}`, 5), { count: index % 7 === 0 ? 'x' : index }]).flat();
        const { items } = JSON.parse((await send(lines, 'terse')).body.toString()) as { items: { index: { status: number } }[] };
        expect(items.map(({ index }) => index.status)).toEqual(Array.from({ length: 50 }, (_, index) => (index % 7 === 0 ? 400 : 201)));
      });
      test('a refused request applies none of its operations', async () => {
        await send([put('whole', 5), { count: 1 }, put('i'.repeat(513), 5), { count: 1 }]);
        const { status } = await cluster.call('GET', `/${targets.index}/_doc/whole`, undefined, { okStatuses: [404] });
        expect(status).toBe(404);
      });
    });

    describe('versions', () => {
      test('the newest wins whatever the order, and a replay changes nothing', async () => {
        const versions = [3, 1, 5, 2, 4, 5, 1];
        for (const version of versions) await send([put('newest', version), { count: version }]);
        expect(await stored('newest')).toEqual({ version: 5, source: { count: 5 } });
      });
      test('an equal version overwrites under external_gte and not under external', async () => {
        await send([put('equal', 5), { count: 1 }]);
        await send([put('equal', 5, 'external'), { count: 2 }]);
        expect(await stored('equal')).toEqual({ version: 5, source: { count: 1 } });
        await send([put('equal', 5, 'external_gte'), { count: 3 }]);
        expect(await stored('equal')).toEqual({ version: 5, source: { count: 3 } });
      });
      test('a delete leaves its version behind', async () => {
        await send([put('gone', 5), { count: 1 }, { delete: { _index: targets.index, _id: 'gone', version: 9, version_type: 'external' } }]);
        await send([put('gone', 8), { count: 2 }]);
        expect(await stored('gone')).toBeNull();
        await send([put('gone', 10), { count: 3 }]);
        expect(await stored('gone')).toEqual({ version: 10, source: { count: 3 } });
      });
      test('the largest safe integer is a version', async () => {
        await send([put('largest', Number.MAX_SAFE_INTEGER), { count: 1 }]);
        expect(await stored('largest')).toEqual({ version: Number.MAX_SAFE_INTEGER, source: { count: 1 } });
      });
    });

    describe('calls', () => {
      test('an unknown index rejects with status, type and reason', async () => {
        await expect(cluster.call('GET', `/${prefix}nowhere/_count`)).rejects.toMatchObject({
          code: 'ELASTICSEARCH_REFUSED',
          details: { status: 404, type: 'index_not_found_exception', reason: expect.stringContaining(`${prefix}nowhere`) as string },
        });
      });
      test('statuses that the caller expects are returned', async () => {
        expect(await cluster.call('GET', `/${prefix}nowhere/_count`, undefined, { okStatuses: [404] })).toMatchObject({ status: 404, body: { error: { type: 'index_not_found_exception' } } });
      });
      test('HEAD tells by its status', async () => {
        expect((await cluster.call('HEAD', `/${targets.index}`)).status).toBe(200);
        expect((await cluster.call('HEAD', `/${prefix}nowhere`)).status).toBe(404);
      });
    });

    describe('reads', () => {
      const many = (id: string): Json => ({ docs: [{ _index: targets.index, _id: id }] });
      test('hand the answer over as it came, and say what it weighed', async () => {
        await send([put('read', 5), { count: 7 }]);
        const { text, wireBytes } = await cluster.read('/_mget', many('read'));
        expect(JSON.parse(text.toString())).toMatchObject({ docs: [{ _id: 'read', found: true, _version: 5, _source: { count: 7 } }] });
        expect(wireBytes).toBeGreaterThan(0);
      });
      test('reject as calls do', async () => {
        await expect(cluster.read(`/${prefix}nowhere/_search`, { size: 1 })).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED', details: { status: 404, type: 'index_not_found_exception' } });
        await expect(cluster.read('/_mget', many('read'), { signal: AbortSignal.abort() })).rejects.toThrow();
      });
    });

    test('a request that was given up before it began is silent', async () => {
      const answer = await cluster.bulk({ body: bodyOf([put('aborted', 5), { count: 1 }]), detail: 'terse', timeoutMs: TIMEOUT_MS, signal: AbortSignal.abort() });
      expect(answer).toMatchObject({ kind: 'silent', cause: 'aborted' });
    });

    function put(id: string, version: number, type: 'external' | 'external_gte' = 'external'): Json {
      return { index: { _index: targets.index, _id: id, version, version_type: type } };
    }
    async function stored(id: string): Promise<{ version: number; source: unknown } | null> {
      const { status, body } = await cluster.call('GET', `/${targets.index}/_doc/${id}`, undefined, { okStatuses: [404] });
      return status === 404 ? null : { version: body['_version'] as number, source: body['_source'] };
    }
  });
}

/** The indices that the cases write to. */
export async function prepareTargets(cluster: SearchCluster, prefix: string, { index, blocked, closed }: Targets): Promise<void> {
  for (const name of [index, blocked, closed]) await cluster.call('PUT', `/${name}`, { settings: { number_of_replicas: 0 }, mappings: MAPPINGS });
  await cluster.call('PUT', `/${blocked}/_settings`, { index: { blocks: { write: true } } });
  await cluster.call('POST', `/${closed}/_close`);
  await cluster.call('PUT', `/_index_template/${prefix}missing`, { index_patterns: [`${prefix}missing-*`], priority: 900, allow_auto_create: false });
}

function answered(answer: Answer): { status: number; body: Buffer } {
  if (answer.kind === 'silent') throw new Error(`no answer: ${answer.reason}`);
  return answer;
}

function expectOutcome(body: Json, { outcome }: BulkCase): void {
  if (typeof outcome === 'string' || outcome instanceof RegExp) {
    const { type } = body['error'] as { type: string };
    if (typeof outcome === 'string') expect(type).toBe(outcome);
    else expect(type).toMatch(outcome);
    return;
  }
  const items = body['items'] as Record<string, { status: number; error?: { type: string } }>[];
  const told = items.flatMap((item) => Object.values(item)).map(({ status, error }) => (error === undefined ? String(status) : `${status} ${error.type}`));
  expect(told).toEqual(outcome);
  expect(body['errors']).toBe(outcome.some((each) => each.includes(' ')));
}


import { expect, it } from 'vitest';
import { connectElasticsearch } from '../../../src/adapters/elasticsearch/connect.ts';
import { startHttpStub } from '../../support/http-stub.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('a bulk request tells the cluster the trace that it is a part of, where there is one', async () => {
  const stub = await startHttpStub();
  const cluster = connectElasticsearch({ nodes: [stub.url], requestTimeoutMs: 60_000, compression: false, maxSockets: 1 });
  const request = { body: Buffer.from('{"delete":{"_index":"i","_id":"1"}}\n'), detail: 'terse', timeoutMs: 60_000 } as const;
  await cluster.bulk({ ...request, traceparent: TRACEPARENT });
  await cluster.bulk(request);
  await cluster.close();
  await stub.close();
  expect(stub.seen.map(({ headers }) => headers['traceparent'])).toEqual([TRACEPARENT, undefined]);
});

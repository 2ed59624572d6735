import { expect } from 'vitest';
import { connectElasticsearch } from '../../src/adapters/elasticsearch/connect.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { testEndpoints, uniquePrefix } from '../support/stack.ts';
import { searchIndexContract } from './search-index.contract.ts';

searchIndexContract('in memory', async () => ({ cluster: new MemorySearch(), prefix: 'memory.' }));

searchIndexContract('Elasticsearch', openElasticsearch, {
  // The answers of the real server, kept for tests of the classifier; `vitest -u` records them anew.
  onAnswers: async (name, answers) => {
    await expect(`${JSON.stringify(answers, null, 2)}\n`).toMatchFileSnapshot(`../fixtures/bulk-answers/${name}.json`);
  },
});

async function openElasticsearch(): Promise<{ cluster: ReturnType<typeof connectElasticsearch>; prefix: string }> {
  const { regions } = await testEndpoints();
  const nodes = Object.values(regions)[0]?.elasticsearch.nodes ?? [];
  return { cluster: connectElasticsearch({ nodes, requestTimeoutMs: 20_000, maxSockets: 4, compression: false }), prefix: uniquePrefix() };
}

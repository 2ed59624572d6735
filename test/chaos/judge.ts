import type { SearchCluster } from '../../src/ports/search-index.ts';
import { documentsIn, periodsOf } from '../../src/proof/read-region.ts';
import { REGIONS, type Cluster } from './cluster.ts';
import { LANES, endsOf } from './faults/fault.ts';
import { PIPELINES } from './history.ts';
import { sketchOf, type Documents } from './model.ts';
import { judgeDocuments, judgeFailures, judgeRegions, judgeVisible, type Findings } from './oracle.ts';
import { failureMark } from './topics-reader.ts';
import type { Watcher } from './watcher.ts';

interface FailureDocument {
  readonly lane: string | null;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** Reads both regions, raw and through the aliases for search, and holds them against the model. */
export async function judgeEnd(cluster: Cluster, watcher: Watcher, expected: Documents, findings: Findings): Promise<void> {
  const found = new Map<string, Documents>();
  for (const region of REGIONS) {
    const search = cluster.search(region);
    const documents = await documentsOf(search, cluster.config.prefix);
    found.set(region, documents);
    judgeDocuments(findings, region, expected, documents);
    judgeVisible(findings, region, expected, await visibleIn(search, cluster.config.prefix));
    judgeFailures(findings, region, expectedFailures(region, watcher), await failuresIn(search, cluster.config.prefix));
  }
  const [left, right] = REGIONS;
  const none: Documents = new Map();
  judgeRegions(findings, left, right, found.get(left) ?? none, found.get(right) ?? none);
}

async function documentsOf(search: SearchCluster, prefix: string): Promise<Documents> {
  const documents: Documents = new Map();
  for (const pipeline of PIPELINES) {
    for (const period of await periodsOf(search, `${prefix}${pipeline}`)) {
      for await (const { id, version, source } of documentsIn(search, `${prefix}${pipeline}-${period}`)) documents.set(`${pipeline}-${period}/${id}`, sketchOf(version, source));
    }
  }
  return documents;
}

async function visibleIn(search: SearchCluster, prefix: string): Promise<{ live: number; deleted: number }> {
  const aliases = PIPELINES.map((pipeline) => `${prefix}${pipeline}`).join(',');
  await search.call('POST', `/${aliases}/_refresh`);
  const count = async (query: Record<string, unknown>): Promise<number> => Number((await search.call('POST', `/${aliases}/_count`, { query })).body['count']);
  const [all, deleted] = [await count({ match_all: {} }), await count({ term: { deleted: true } })];
  return { live: all - deleted, deleted };
}

/** Poison of the source fails at ingest, once for all lanes; poison of a regional topic fails in each lane that reads it. */
function expectedFailures(region: string, watcher: Watcher): Set<string> {
  const expected = new Set(watcher.sourcePoison);
  for (const lane of LANES.filter((name) => endsOf(name).destination === region)) {
    for (const { topic, partition, offset } of watcher.poisonIn(endsOf(lane).source)) expected.add(`${lane} ${failureMark(topic, partition, offset)}`);
  }
  return expected;
}

async function failuresIn(search: SearchCluster, prefix: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const period of await periodsOf(search, `${prefix}sluice-failures`)) {
    for await (const document of documentsIn(search, `${prefix}sluice-failures-${period}`)) {
      const { lane, source } = document.source as unknown as FailureDocument;
      found.add(`${lane === null ? '' : `${lane} `}${failureMark(source.topic, source.partition, source.offset)}`);
    }
  }
  return found;
}

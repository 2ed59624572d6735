import { REGIONS, type Cluster } from '../cluster.ts';
import { PIPELINES } from '../history.ts';
import { holding, type Fault } from './fault.ts';

const BOOKS = ['sluice-failures', 'sluice-batches'] as const;
const NAMES_AT_ONCE = 20;

/** Targets `west documents`, `east books`, …: which indices of which region. */
const TARGETS = REGIONS.flatMap((region) => [`${region} documents`, `${region} books`]);

function patternOf(cluster: Cluster, target: string): string {
  const bases: readonly string[] = target.endsWith('books') ? BOOKS : PIPELINES;
  return bases.map((base) => `${cluster.config.prefix}${base}-*`).join(',');
}

function regionIn(target: string): string {
  return target.split(' ')[0] ?? '';
}

// The server must be there to be asked, and to be asked again when it is to be healed.
function holds(target: string): string[] {
  return [holding.indices(regionIn(target)), holding.server(`elasticsearch-${regionIn(target)}`)];
}

/** Closing and opening want every name spelled out. */
async function eachIndex(cluster: Cluster, target: string, action: '_close' | '_open'): Promise<void> {
  const search = cluster.search(regionIn(target));
  const { body } = await search.call('GET', `/${patternOf(cluster, target)}/_alias?expand_wildcards=all`);
  const names = Object.keys(body);
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) await search.call('POST', `/${names.slice(at, at + NAMES_AT_ONCE).join(',')}/${action}`);
}

async function put(cluster: Cluster, target: string, path: string, body: Record<string, unknown>): Promise<void> {
  await cluster.search(regionIn(target)).call('PUT', `/${patternOf(cluster, target)}/${path}`, body);
}

const block = (kind: string, setting: string): Fault => ({
  kind, targets: TARGETS, seconds: [6, 12], holds,
  inject: (cluster, target) => put(cluster, target, '_settings', { [setting]: true }),
  heal: (cluster, target) => put(cluster, target, '_settings', { [setting]: null }),
});

const closed: Fault = {
  kind: 'closed-index', targets: TARGETS, seconds: [5, 9], holds,
  inject: (cluster, target) => eachIndex(cluster, target, '_close'),
  heal: (cluster, target) => eachIndex(cluster, target, '_open'),
};

/** Somebody adds a field to every index while documents stream in. */
const mappingChange: Fault = {
  kind: 'mapping-change', targets: REGIONS, seconds: [1, 2], holds,
  inject: (cluster, region) => put(cluster, region, '_mapping', { properties: { added_meanwhile: { type: 'keyword' } } }),
  heal: async () => undefined,
};

export const indexFaults: readonly Fault[] = [
  block('write-block', 'index.blocks.write'),
  block('flood-stage', 'index.blocks.read_only_allow_delete'),
  closed,
  mappingChange,
];

import type { Config } from '../config/schema.ts';
import { openRegionSearch } from '../main/connections.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { compareRegion, compareRegions, type Comparison } from '../proof/compare.ts';
import type { Expectation } from './events.ts';

/** What the comparison of both regions with the expectation found. */
export interface Proof {
  readonly expected: number;
  /** Documents found, by region. */
  readonly found: ReadonlyMap<string, number>;
  readonly differences: number;
  /** Failure documents, by region. */
  readonly failures: ReadonlyMap<string, number>;
  /** Some of the differences, in words. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 20;

/** Compares every id, version and field in each region with the expectation, the regions with each other, and counts the failures. */
export async function prove(config: Config, expectation: Expectation): Promise<Proof> {
  const regions = Object.keys(config.regions).map((name) => ({ name, search: openRegionSearch(config, name) }));
  try {
    const findings: Finding[] = [];
    for (const region of regions) findings.push(...await judge(region, config.prefix, expectation));
    const [first, ...others] = regions;
    for (const other of others) {
      if (first !== undefined) findings.push(...await judgePair(first, other, config.prefix, expectation));
    }
    const failures = new Map(await Promise.all(regions.map(async ({ name, search }) => [name, await failuresIn(search, config.prefix)] as const)));
    return proofOf(findings, failures, expectation);
  } finally {
    await Promise.all(regions.map(({ search }) => search.close()));
  }
}

interface Region {
  readonly name: string;
  readonly search: SearchCluster;
}

interface Finding {
  /** Null where two regions were compared. */
  readonly region: string | null;
  readonly where: string;
  readonly comparison: Comparison;
}

async function judge({ name, search }: Region, prefix: string, { documents }: Expectation): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const expected of documents) findings.push({ region: name, where: `${name} ${expected.pipeline}`, comparison: await compareRegion(search, prefix, expected) });
  return findings;
}

async function judgePair(left: Region, right: Region, prefix: string, { documents }: Expectation): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { pipeline } of documents) {
    findings.push({ region: null, where: `${left.name} against ${right.name}, ${pipeline}`, comparison: await compareRegions(left.search, right.search, prefix, pipeline) });
  }
  return findings;
}

async function failuresIn(search: SearchCluster, prefix: string): Promise<number> {
  await search.call('POST', `/${prefix}sluice-failures/_refresh`);
  const { body } = await search.call('GET', `/${prefix}sluice-failures/_count`);
  return Number(body['count']);
}

/** Pure: sums up, and puts differences into words. A wrong number of failure documents is a difference, too. */
export function proofOf(findings: readonly Finding[], failures: ReadonlyMap<string, number>, expectation: Pick<Expectation, 'documents' | 'failures'>): Proof {
  const found = new Map<string, number>();
  for (const { region, comparison } of findings) {
    if (region !== null) found.set(region, (found.get(region) ?? 0) + comparison.found);
  }
  const wrong = [...failures].filter(([, count]) => count !== expectation.failures);
  const examples = [
    ...wrong.map(([region, count]) => `${region} holds ${count} failure documents, expected ${expectation.failures}`),
    ...findings.flatMap(({ where, comparison }) => examplesOf(where, comparison)),
  ];
  return {
    expected: expectation.documents.reduce((sum, { total }) => sum + total, 0),
    found,
    differences: wrong.length + findings.reduce((sum, { comparison }) => sum + comparison.differences, 0),
    failures,
    examples: examples.slice(0, MAX_EXAMPLES),
  };
}

function examplesOf(where: string, { missing, unexpected, different }: Comparison): string[] {
  return [
    ...missing.map((id) => `${where}: ${id} is missing`),
    ...unexpected.map((id) => `${where}: ${id} should not be there`),
    ...different.map(({ id, field, expected, actual }) => `${where}: ${id} ${field} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`),
  ];
}

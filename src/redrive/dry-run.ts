import type { SearchCluster } from '../ports/search-index.ts';
import { leadOf, type Case } from './case.ts';
import { chunksOf } from './chunks.ts';
import { differencesBetween, type Difference } from './diff.ts';
import { DocumentWriter } from './document-writer.ts';
import { describeCase } from './outcome.ts';
import { storesOf, type RedriveParts, type RedriveRegion } from './parts.ts';
import { planCase, type DocumentWrite, type Plan, type Planned } from './plan.ts';
import { Conversion } from './plan-event.ts';
import { statesOf, type RedriveRequest } from './redrive.ts';
import { Scratch } from './scratch.ts';
import { select, withAllCopies } from './select.ts';
import { isFree } from './transition.ts';

/** Said with every dry run: what it cannot know. */
export const DRY_RUN_LIMITS = 'Nothing was changed. Each document was tried on an empty copy of its index (same mapping, analysis and limits, made for this and removed), and its version compared with the stored one. '
  + 'A dry run cannot foresee what changes meanwhile, an overloaded or blocked cluster, a full disk, or the version of a document that was deleted for good.';

/** What one region would say to a document. */
export interface RegionVerdict {
  readonly region: string;
  readonly verdict: 'would be applied' | 'would be superseded' | 'would be rejected' | 'not known';
  readonly reason: string | null;
  /** Version stored now; null where there is none. */
  readonly storedVersion: number | null;
}

export interface DryRunEntry extends ReturnType<typeof describeCase> {
  readonly error: { readonly type: string; readonly reason: string };
  readonly plan: 'into the index' | 'through ingest' | 'nothing to write' | 'skipped by the patch' | 'cannot be redriven';
  readonly reason: string | null;
  readonly target: { readonly index: string; readonly documentId: string; readonly version: number } | null;
  readonly differences: readonly Difference[];
  readonly regions: readonly RegionVerdict[];
}

export interface DryRunReport {
  /** True when every case would be redriven. */
  readonly ok: boolean;
  readonly failures: number;
  readonly cases: number;
  readonly more: boolean;
  readonly entries: readonly DryRunEntry[];
  readonly limits: string;
}

/** Shows what a redrive would do, without lasting effect: no failure is claimed, no record written. */
export async function dryRun(request: RedriveRequest, parts: RedriveParts, signal: AbortSignal): Promise<DryRunReport> {
  const stores = storesOf(parts, request.regions);
  const states = statesOf(request.filter);
  const conversion = new Conversion(parts);
  const trials = [...parts.regions].map(([name, region]) => new Trial(name, region, parts, request.patienceMs));
  const { cases, failures, more } = await select(stores, { ...request.filter, states }, request.limit);
  const entries: DryRunEntry[] = [];
  try {
    for (const chunk of chunksOf(cases, null)) {
      signal.throwIfAborted();
      const free = (await withAllCopies(chunk, stores)).map((one) => ({ ...one, copies: one.copies.filter((copy) => isFree(copy, states, parts.clock.now())) })).filter((one) => one.copies.length > 0);
      const planned: Planned[] = [];
      for (const one of free) planned.push(await planCase(await withPayload(one, stores), request, conversion, parts));
      entries.push(...(await tried(planned, trials, request.regions, signal)));
    }
  } finally {
    for (const trial of trials) await trial.close();
  }
  const ok = entries.every(({ plan, regions }) => plan !== 'cannot be redriven' && regions.every(({ verdict }) => verdict === 'would be applied' || verdict === 'would be superseded'));
  return { ok, failures, cases: cases.length, more, entries, limits: DRY_RUN_LIMITS };
}

async function withPayload(one: Case, stores: ReturnType<typeof storesOf>): Promise<Case> {
  const lead = leadOf(one);
  const [whole] = (await stores.find((store) => store.region === lead.region)?.read([lead])) ?? [];
  return { ...one, copies: [whole ?? lead, ...one.copies.slice(1)] };
}

async function tried(planned: readonly Planned[], trials: readonly Trial[], regions: readonly string[], signal: AbortSignal): Promise<DryRunEntry[]> {
  const verdicts = planned.map((): RegionVerdict[] => []);
  for (const trial of trials) {
    const concerned = planned.flatMap((one, at) => (concerns(trial.region, one, regions) ? [{ write: (one.plan as { write: DocumentWrite }).write, at }] : []));
    const results = await trial.judge(concerned.map(({ write }) => write), signal);
    results.forEach((verdict, position) => verdicts[(concerned[position] as { at: number }).at]?.push(verdict));
  }
  return planned.map((one, at) => entryOf(one, verdicts[at] ?? []));
}

/** The regions that a redrive would write to, directly or through Kafka. */
function concerns(region: string, { case: one, plan, change }: Planned, regions: readonly string[]): boolean {
  if (plan.kind === 'event') return true;
  return plan.kind === 'document' && regions.includes(region) && (change !== null || one.copies.some((copy) => copy.region === region));
}

function entryOf({ case: one, plan, change }: Planned, regions: readonly RegionVerdict[]): DryRunEntry {
  const write = plan.kind === 'document' || plan.kind === 'event' ? plan.write : null;
  return {
    ...describeCase(one), error: leadOf(one).error, regions,
    plan: PLANS[plan.kind],
    reason: plan.kind === 'failed' ? `${plan.flaw.type}: ${plan.flaw.reason}` : plan.kind === 'done' ? plan.outcome : null,
    target: write === null ? null : { index: write.index, documentId: write.id, version: write.version },
    differences: change === null ? [] : differencesBetween(change.before, change.after),
  };
}

const PLANS: Readonly<Record<Plan['kind'], DryRunEntry['plan']>> = {
  document: 'into the index', event: 'through ingest', done: 'nothing to write', skipped: 'skipped by the patch', failed: 'cannot be redriven',
};

/** One region, asked without lasting effect. */
class Trial {
  readonly region: string;
  readonly #search: SearchCluster;
  readonly #scratch: Scratch;
  readonly #writer: DocumentWriter;
  readonly #patienceMs: number;

  constructor(name: string, { search }: RedriveRegion, { prefix, settings, origin, clock, random, newId }: RedriveParts, patienceMs: number) {
    this.region = name;
    this.#search = search;
    this.#patienceMs = patienceMs;
    this.#scratch = new Scratch(search, prefix, clock, newId);
    const indices = { ensure: () => Promise.resolve(), forget: () => undefined };
    this.#writer = new DocumentWriter({ sink: search, indices, settings: settings.processor, origin, clock, random });
  }

  /** One verdict per write: a document is judged by the same outcome table as a real one. */
  async judge(writes: readonly DocumentWrite[], signal: AbortSignal): Promise<RegionVerdict[]> {
    if (writes.length === 0) return [];
    const stored = await this.#storedVersions(writes);
    const names: (string | null)[] = [];
    for (const write of writes) names.push(await this.#scratch.of(write.index));
    const onScratch = writes.flatMap((write, at) => (names[at] == null ? [] : [{ write: { ...write, index: names[at] }, at }]));
    const outcomes = await this.#writer.write(onScratch.map(({ write }) => write), this.#patienceMs, signal);
    return writes.map((write, at) => {
      const position = onScratch.findIndex((one) => one.at === at);
      const common = { region: this.region, storedVersion: stored[at] ?? null };
      const outcome = outcomes[position];
      if (outcome === undefined) return { ...common, verdict: 'not known', reason: `there is neither ${write.index} nor a template for it` };
      if (outcome.kind === 'rejected') return { ...common, verdict: 'would be rejected', reason: `${outcome.flaw.type}: ${outcome.flaw.reason}` };
      if (outcome.kind === 'unavailable') return { ...common, verdict: 'not known', reason: outcome.reason };
      const newer = common.storedVersion !== null && common.storedVersion >= write.version;
      return { ...common, verdict: newer ? 'would be superseded' : 'would be applied', reason: newer ? `version ${common.storedVersion} is stored, this is ${write.version}` : null };
    });
  }

  async close(): Promise<void> {
    await this.#scratch.close();
  }

  async #storedVersions(writes: readonly DocumentWrite[]): Promise<(number | null)[]> {
    const { body } = await this.#search.call('POST', '/_mget?_source=false', { docs: writes.map(({ index, id }) => ({ _index: index, _id: id })) });
    return (body['docs'] as { found?: boolean; _version?: number }[]).map((found) => (found.found === true ? (found._version ?? null) : null));
  }
}

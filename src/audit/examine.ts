import type { AnyPipeline } from '../domain/pipeline.ts';
import { fingerprintOf } from '../domain/fingerprint.ts';
import { indexNameOf } from '../domain/index-name.ts';
import { FAILURES_INDEX } from '../domain/system-names.ts';
import type { Asking } from './asking.ts';
import { misplaced, type Copies, type Finding, type Home } from './finding.ts';
import { judge, type Copy, type Kind, type Verdict } from './judge.ts';
import type { LaneMarks, Mark } from './lane-marks.ts';
import { openFailures, readCopies } from './read-copies.ts';

/** What an index is examined with. */
export interface Examination {
  readonly prefix: string;
  readonly pipeline: AnyPipeline;
  readonly index: string;
  readonly regions: ReadonlyMap<string, Asking>;
  readonly lanes: LaneMarks;
  /** Tombstones that came before it may be purged, epoch ms. */
  readonly purgedBefore: number;
  /** How long lanes are waited for, ms. */
  readonly patienceMs: number;
}

/** A document that differed when it was looked at for the first time, and how it was then. */
export interface Suspect {
  readonly id: string;
  readonly state: string;
}

/** Those of the ids whose copies, as they are now, are not what they should be. */
export async function suspectsAmong(ids: readonly string[], examination: Examination): Promise<Suspect[]> {
  const copies = await copiesOf(ids, examination.index, examination);
  return ids.flatMap((id) => {
    const ofOne = copies(id);
    return judge(id, ofOne, isPurged(examination)) === null ? [] : [{ id, state: stateOf(id, ofOne) }];
  });
}

/**
 * The second look: once the lanes have brought everything that was under way at the first, what still differs is a finding,
 * and why it is so is told as far as can be known.
 */
export async function findingsOf(suspects: readonly Suspect[], mark: Mark, examination: Examination, signal: AbortSignal): Promise<Finding[]> {
  if (suspects.length === 0) return [];
  const behind = await examination.lanes.behind(mark, examination.patienceMs, signal);
  const ids = suspects.map(({ id }) => id);
  const copies = await copiesOf(ids, examination.index, examination);
  const verdicts = suspects.flatMap(({ id, state }) => {
    const verdict = judge(id, copies(id), isPurged(examination));
    return verdict === null ? [] : [{ id, verdict, moved: stateOf(id, copies(id)) !== state }];
  });
  const homes = await homesOf(verdicts.map(({ id, verdict }) => ({ id, verdict, copies: copies(id) })), examination);
  const failures = await failuresOf(verdicts.map(({ id }) => id), examination);
  return verdicts.map(({ id, verdict: first, moved }) => {
    const home = homes.get(id) ?? null;
    const verdict = (home === null ? null : misplaced(copies(id), home)) ?? first;
    return { pipeline: examination.pipeline.name, index: examination.index, id, ...verdict, ...reasonOf(verdict, id, { moved, behind, failures, home }), copies: copies(id), home: verdict.kind === 'wrong-index' ? home : null };
  });
}

interface Evidence {
  readonly moved: boolean;
  readonly behind: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly home: Home | null;
}

function reasonOf({ kind, regions }: Verdict, id: string, { moved, behind, failures, home }: Evidence): Pick<Finding, 'why' | 'reason'> {
  for (const region of regions) {
    const failure = failures.get(region)?.get(id);
    if (failure !== undefined) return { why: 'failed', reason: `${region} could not index it: sluice failures show ${failure}` };
  }
  if (moved) return { why: 'in-flight', reason: 'it changed while it was looked at' };
  const lane = kind === 'orphan' ? undefined : regions.map((region) => behind.get(region)).find((why) => why !== undefined);
  if (lane !== undefined) return { why: 'in-flight', reason: lane };
  return { why: 'lost', reason: wordsOf(kind, home) };
}

function wordsOf(kind: Kind, home: Home | null): string {
  switch (kind) {
    case 'wrong-index': return `it belongs into ${home?.index ?? 'another index'}, which has it`;
    case 'orphan': return 'no lane, backfill, redrive or audit wrote it';
    case 'content': return 'enriched otherwise at another time, or changed by hand';
    default: return 'every lane is past it, and no failure was kept';
  }
}

async function copiesOf(ids: readonly string[], index: string, { regions }: Examination): Promise<(id: string) => Copies> {
  const all = new Map(await Promise.all([...regions].map(async ([name, asking]) => [name, await readCopies(asking, index, ids)] as const)));
  return (id) => new Map([...all].map(([region, copies]) => [region, copies.get(id) ?? null]));
}

/** Where documents belong that some region lacks here; asked only where that is another index. */
async function homesOf(judged: readonly { readonly id: string; readonly verdict: Verdict; readonly copies: Copies }[], examination: Examination): Promise<Map<string, Home>> {
  const byIndex = new Map<string, string[]>();
  for (const { id, verdict, copies } of judged) {
    const home = verdict.kind === 'missing' || verdict.kind === 'orphan' ? homeIndexOf(copies, examination) : null;
    if (home !== null && home !== examination.index) byIndex.set(home, [...(byIndex.get(home) ?? []), id]);
  }
  const homes = new Map<string, Home>();
  for (const [index, ids] of byIndex) {
    const copies = await copiesOf(ids, index, examination);
    for (const id of ids) homes.set(id, { index, copies: copies(id) });
  }
  return homes;
}

function homeIndexOf(copies: Copies, { prefix, pipeline: { name, index } }: Examination): string | null {
  const copy = [...copies.values()].find((each) => each !== null);
  if (copy === undefined || index.routedBy === undefined) return null;
  const time = Date.parse(String((JSON.parse(copy.content.json) as Record<string, unknown>)[index.routedBy]));
  return Number.isNaN(time) ? null : indexNameOf(`${prefix}${name}`, index.period, time);
}

async function failuresOf(ids: readonly string[], { prefix, pipeline, regions }: Examination): Promise<Map<string, ReadonlyMap<string, string>>> {
  return new Map(await Promise.all([...regions].map(async ([name, asking]) => [name, await openFailures(asking, `${prefix}${FAILURES_INDEX}`, pipeline.name, ids)] as const)));
}

function isPurged({ purgedBefore }: Examination): (tombstone: Copy) => boolean {
  return ({ content }) => {
    const at = content.origin?.['tombstone_at'];
    return typeof at === 'number' && at < purgedBefore;
  };
}

/** Equal for equal copies. */
function stateOf(id: string, copies: Copies): string {
  return [...copies].map(([region, copy]) => (copy === null ? `${region} -` : `${region} ${copy.version} ${fingerprintOf(copy.content.json, { id, version: copy.version, deleted: copy.content.deleted })}`)).join(', ');
}

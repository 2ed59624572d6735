import { latestOf } from '../observe/history.ts';
import type { FailureCount, Observation, RegionFacts } from '../observe/observation.ts';
import { levelOf, unknown, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;
/** One host fails alone when its share is so many times that of its mates. */
const ALONE_FACTOR = 10;

/** Where failures come from that ingest found. */
const INGEST = 'ingest';

/** Too many failures, a new kind of failure, one host failing alone. */
export function failureRules(thresholds: Thresholds): Rule[] {
  return [failureShare(thresholds), newKind(thresholds.newKindMs), hostAlone(thresholds.failureCount)];
}

export interface FailureShareOptions {
  /** Fires above this share of the operations of a lane, 0…1, */
  readonly failureShare: number;
  /** and at this many failures within the window. */
  readonly failureCount: number;
  /** Only failures of this pipeline, under a name of its own. */
  readonly pipeline?: string;
}

/** Failures of a lane (or of ingest) against its operations. Also for `pipelines/<name>/alerts.ts`. */
export function failureShare({ failureShare: above, failureCount: least, pipeline }: FailureShareOptions): Rule {
  return {
    name: pipeline === undefined ? 'failure-share' : `failure-share-${pipeline}`, severity: 'critical', forMs: 0, keepMs: 60_000,
    meaning: 'Many records become failures: a mapping that does not fit, a change at the producer, a broken enricher. They are kept: mend the cause, then `sluice failures redrive`.',
    examine: (history) => shares(latestOf(history), pipeline).map(({ labels, failed, operations }) => {
      const share = failed === null || operations === null ? null : failed / Math.max(failed, operations, 1);
      return {
        labels: pipeline === undefined ? labels : { ...labels, pipeline }, level: failed !== null && failed < least ? 'good' : levelOf(share, above), value: share,
        what: share === null ? 'the failure index could not be read' : `${failed} failures, ${(share * 100).toFixed(1)} % of the operations`,
        evidence: evidenceOf(labels, pipeline),
      };
    }),
  };
}

interface Share { readonly labels: Readonly<Record<string, string>>; readonly failed: number | null; readonly operations: number | null }

function shares(now: Observation, pipeline: string | undefined): Share[] {
  const lanes = now.lanes.map(({ lane, source, destination }): Share => {
    const region = now.regions.find((each) => each.region === destination);
    return { labels: { lane, source, destination }, failed: sumOf(region, lane, pipeline), operations: region?.batches?.reduce((sum, batch) => sum + (batch.lane === lane ? batch.operations : 0), 0) ?? null };
  });
  // What ingest found stands in every region: it counts once.
  const counts = now.regions.map((region) => sumOf(region, null, pipeline)).filter((count) => count !== null);
  const written = now.regions.flatMap((region) => (region.batches === null ? [] : [region.batches.reduce((sum, batch) => sum + batch.operations, 0)]));
  return [...lanes, { labels: { lane: INGEST }, failed: counts.length === 0 ? null : Math.max(...counts), operations: written.length === 0 ? null : Math.max(...written) }];
}

function sumOf(region: RegionFacts | undefined, lane: string | null, pipeline: string | undefined): number | null {
  if (region === undefined || region.failures === null) return null;
  return region.failures.filter((failure) => failure.lane === lane && (pipeline === undefined || failure.pipeline === pipeline)).reduce((sum, failure) => sum + failure.count, 0);
}

function newKind(newMs: number): Rule {
  return {
    name: 'failure-new-kind', severity: 'warning', forMs: 0, keepMs: 0,
    meaning: 'A kind of failure that was not there in the last week. One may be enough to tell of a release that went wrong: look at it while it is rare.',
    examine: (history) => {
      const now = latestOf(history);
      const kinds = Map.groupBy(now.regions.flatMap((region) => region.failures ?? []), ({ pipeline, stage, type }) => `${pipeline}\0${stage}\0${type}`);
      const unread = now.regions.some((region) => region.failures === null) ? [unknown({}, 'a failure index could not be read')] : [];
      return [...unread, ...[...kinds.values()].map((failures) => kindOf(failures, now.at, newMs))];
    },
  };
}

function kindOf(failures: readonly FailureCount[], now: number, newMs: number): Finding {
  const { pipeline, stage, type } = failures[0] as FailureCount;
  const age = now - Math.min(...failures.map((failure) => failure.firstSeen));
  return {
    labels: { pipeline, stage, type }, level: age < newMs ? 'bad' : 'good', value: age / SECOND_MS,
    what: `${type} at ${stage} of ${pipeline} was first seen ${Math.round(age / SECOND_MS)} s ago`,
    evidence: [`sluice failures list --pipeline ${pipeline} --stage ${stage} --type ${type}`],
  };
}

function hostAlone(least: number): Rule {
  return {
    name: 'failure-host-alone', severity: 'warning', forMs: 30_000, keepMs: 60_000,
    meaning: 'One host of a lane fails far more than its mates, which do the same work: it runs other code or stale reference data, or is broken. Restart or remove it.',
    examine: (history) => {
      const now = latestOf(history);
      return now.regions.flatMap((region) => aloneIn(region, least));
    },
  };
}

function aloneIn({ batches, failures }: RegionFacts, least: number): Finding[] {
  if (batches === null || failures === null) return [unknown({}, 'the failures or batches could not be read')];
  return batches.map(({ lane, host, operations }) => {
    const failedAt = (name: string) => failures.filter((failure) => failure.lane === lane && failure.host === name).reduce((sum, failure) => sum + failure.count, 0);
    const mates = batches.filter((batch) => batch.lane === lane && batch.host !== host && batch.operations > 0);
    const failed = failedAt(host);
    const [own, others] = [failed / Math.max(1, operations), mates.reduce((sum, mate) => sum + failedAt(mate.host), 0) / Math.max(1, mates.reduce((sum, mate) => sum + mate.operations, 0))];
    const alone = mates.length > 0 && failed >= least && own > others * ALONE_FACTOR;
    return { labels: { lane, host }, level: alone ? 'bad' : 'good', value: own, what: `${failed} failures on ${host}, ${(own * 100).toFixed(1)} % of its operations; its mates ${(others * 100).toFixed(1)} %`, evidence: [`sluice failures list --lane ${lane} --since 10m`] };
  });
}

function evidenceOf(labels: Readonly<Record<string, string>>, pipeline: string | undefined): string[] {
  const lane = labels['lane'] === INGEST ? '' : ` --lane ${labels['lane']}`;
  return [`sluice failures stats --since 10m${lane}${pipeline === undefined ? '' : ` --pipeline ${pipeline}`}`];
}

import type { StateNote } from '../state-notes.ts';
import { lagOf, lagOfPartition, latestOf, spanOf, type History } from '../observe/history.ts';
import type { LaneFacts, Observation, PartitionFacts } from '../observe/observation.ts';
import { AUDIT } from './audits.ts';
import { INGEST_TO } from './held.ts';
import { unknown, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;
/** A process that fell silent so long ago is no longer looked for, ms. */
const FORGET_MS = 24 * 3_600_000;

/** Work and no progress: silence of a process, of a lane, of one partition. */
export function silenceRules(thresholds: Thresholds): Rule[] {
  return [processSilent(thresholds.silentMs), laneStalled(thresholds.stalledMs), partitionStalled(thresholds.partitionStalledMs)];
}

function processSilent(silentMs: number): Rule {
  return {
    name: 'process-silent', severity: 'critical', forMs: 0, keepMs: 10_000,
    meaning: 'A process neither tells its state nor said that it stops: it was killed, hangs, or lost its Kafka. Look at its log and supervisor; the others of its group take its partitions over.',
    examine: (history) => {
      const { at, notes } = latestOf(history);
      return notes.filter((note) => !isForgotten(note, at)).map((note) => silenceOf(note, notes, at, silentMs));
    },
  };
}

function silenceOf(note: StateNote, notes: readonly StateNote[], now: number, silentMs: number): Finding {
  const silent = now - note.at;
  const bad = silent > silentMs && isExpected(note, notes, now, silentMs);
  return {
    labels: { lane: note.lane, host: note.host, service: serviceOf(note) },
    level: bad ? 'bad' : 'good', value: silent / SECOND_MS,
    what: `${note.host} of ${note.lane} has told nothing for ${Math.round(silent / SECOND_MS)} s; it was ${note.state}`,
    evidence: ['sluice status'],
  };
}

function serviceOf({ lane }: StateNote): string {
  if (lane === AUDIT) return AUDIT;
  return lane.startsWith(INGEST_TO) ? 'ingest' : 'lane';
}

/** Whether a process should tell its state: it has not said that it stops, nobody stands in for it, and it was there within a day. */
export function isExpected(note: StateNote, notes: readonly StateNote[], now: number, silentMs: number): boolean {
  if (note.state === 'stopped' || isForgotten(note, now)) return false;
  return now - note.at <= silentMs || !isReplaced(note, notes, now, silentMs);
}

function isForgotten(note: StateNote, now: number): boolean {
  return now - note.at >= FORGET_MS;
}

/** Each process that began after another fell silent stands in for one of those: a restart under a new name is no loss. */
function isReplaced(note: StateNote, notes: readonly StateNote[], now: number, silentMs: number): boolean {
  const mates = notes.filter((mate) => mate.lane === note.lane && mate.state !== 'stopped');
  const lost = mates.filter((mate) => now - mate.at > silentMs).sort((a, b) => a.at - b.at);
  const fresh = mates.filter((mate) => now - mate.at <= silentMs && (mate.startedAt ?? 0) > note.at);
  return lost.indexOf(note) < fresh.length;
}

function laneStalled(stalledMs: number): Rule {
  return {
    name: 'lane-stalled', severity: 'critical', forMs: 0, keepMs: 10_000,
    meaning: 'Records wait in the regional topics, no offset was committed and no batch finished: nobody runs this lane, or its processes hang. Start `sluice process --lane …`, look at /readyz and the logs of those that run.',
    examine: (history) => latestOf(history).lanes.map((lane) => stallOf(history, lane, stalledMs)),
  };
}

function stallOf(history: History, lane: LaneFacts, stalledMs: number): Finding {
  const now = latestOf(history);
  const labels = { lane: lane.lane, source: lane.source, destination: lane.destination };
  const lastEnd = lastEndOf(now, lane);
  const told = lastEnd === null ? 'no batch is known' : `its last batch ended ${Math.round((now.at - lastEnd) / SECOND_MS)} s ago`;
  const facts = { labels, value: lane.partitions === null ? null : lagOf(lane.partitions), evidence: ['sluice status', `GET /sluice-batches/_search {"query":{"term":{"lane":"${lane.lane}"}},"sort":[{"end_time":"desc"}],"size":1}`] };
  if (lane.partitions === null) return { ...facts, level: 'unknown', what: 'its positions could not be read' };
  const still = standsStill(history, stalledMs, (observation) => laneIn(observation, lane.lane)?.partitions ?? null);
  const quiet = lastEnd === null || now.at - lastEnd > stalledMs;
  return { ...facts, level: still && quiet ? 'bad' : 'good', what: `${lagOf(lane.partitions)} records wait and ${told}` };
}

/** Work in every observation of the span, and not one position moved. */
function standsStill(history: History, ms: number, partitionsAt: (observation: Observation) => readonly PartitionFacts[] | null): boolean {
  const span = spanOf(history, ms);
  const known = span?.flatMap((observation) => partitionsAt(observation) ?? []) ?? [];
  if (span === null || known.length === 0) return false;
  const totals = span.map(partitionsAt).filter((partitions) => partitions !== null);
  const moved = new Set(totals.map((partitions) => partitions.reduce((sum, partition) => sum + partition.committed, 0))).size > 1;
  return !moved && totals.every((partitions) => lagOf(partitions) > 0);
}

function lastEndOf(now: Observation, { lane, destination }: LaneFacts): number | null {
  const batches = now.regions.find((region) => region.region === destination)?.batches?.filter((batch) => batch.lane === lane) ?? [];
  return batches.length === 0 ? null : Math.max(...batches.map((batch) => batch.lastEnd));
}

function laneIn(observation: Observation, name: string): LaneFacts | undefined {
  return observation.lanes.find((lane) => lane.lane === name);
}

function partitionStalled(stalledMs: number): Rule {
  return {
    name: 'partition-stalled', severity: 'warning', forMs: 0, keepMs: 10_000,
    meaning: 'One partition stands still while others of its lane move: a batch of records that cannot be read (sluice_lane_unreadable_polls_total), or a partition without a leader.',
    examine: (history) => latestOf(history).lanes.flatMap((lane) => (
      lane.partitions?.map((partition) => partitionFinding(history, lane, partition, stalledMs)) ?? [unknown({ lane: lane.lane }, 'its positions could not be read')]
    )),
  };
}

function partitionFinding(history: History, { lane, source, destination }: LaneFacts, { topic, partition, ...facts }: PartitionFacts, stalledMs: number): Finding {
  const only = (observation: Observation) => laneIn(observation, lane)?.partitions?.filter((each) => each.topic === topic && each.partition === partition) ?? null;
  const lag = lagOfPartition({ topic, partition, ...facts });
  const bad = standsStill(history, stalledMs, only) && !standsStill(history, stalledMs, (observation) => laneIn(observation, lane)?.partitions ?? null);
  return {
    labels: { lane, source, destination, topic, partition: String(partition) },
    level: bad ? 'bad' : 'good', value: lag,
    what: `${topic}/${partition} stands at offset ${facts.committed} with ${lag} records behind it while other partitions move`,
    evidence: ['sluice status --json'],
  };
}

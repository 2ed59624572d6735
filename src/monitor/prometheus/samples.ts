import { lagAge, lagOf, lagOfPartition, latestOf, type History } from '../observe/history.ts';
import type { Observation, RegionFacts } from '../observe/observation.ts';
import { auditsOf, begunOf, lastRounds, leftIn, roundsOf, sinceLastRound } from '../rules/audits.ts';
import { living } from '../rules/held.ts';
import { laneAt, leftOf, removedOf } from '../rules/retention.ts';
import { isExpected } from '../rules/silence.ts';

/** A figure of the last look, as Prometheus takes it; the name goes without its `sluice_observed_`. */
export interface Sample {
  readonly name: keyof typeof OBSERVED;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** What a monitor lets Prometheus see of its last look. Seconds and shares (0…1), as is usual there. */
export const OBSERVED = {
  lane_lag_records: { help: 'Records of a lane that wait', labels: ['lane', 'source', 'destination'] },
  lane_lag_seconds: { help: 'How old the oldest of them is, at least', labels: ['lane', 'source', 'destination'] },
  lane_batch_age_seconds: { help: 'Since the last batch of a lane ended', labels: ['lane', 'source', 'destination'] },
  lane_retention_seconds: { help: 'Until retention passes what a lane still needs, at its present rate; absent while it does not come near', labels: ['lane', 'source', 'destination'] },
  lane_removed_records: { help: 'Records of regional topics that were removed before a lane settled them', labels: ['lane', 'source', 'destination'] },
  partition_lag_records: { help: 'Records of a partition that wait', labels: ['lane', 'topic', 'partition'] },
  partition_offset: { help: 'Next offset of a partition to be settled', labels: ['lane', 'topic', 'partition'] },
  ingest_lag_records: { help: 'Source records that a region was not given', labels: ['region'] },
  ingest_lag_seconds: { help: 'How old the oldest of them is, at least', labels: ['region'] },
  ingest_removed_records: { help: 'Source records that were removed before a region had them', labels: ['region'] },
  process_state: { help: '1 for the state that a process tells of a lane', labels: ['lane', 'host', 'state'] },
  process_silence_seconds: { help: 'Since a process told its state that has not said that it stops, nor was replaced, within a day', labels: ['lane', 'host'] },
  process_start_time_seconds: { help: 'First telling of a process', labels: ['lane', 'host'] },
  process_clock_ahead_seconds: { help: 'How far its clock is ahead of the monitor\'s, at least', labels: ['lane', 'host'] },
  process_code: { help: '1 for the code version of a living process', labels: ['lane', 'host', 'code'] },
  process_memory_ratio: { help: 'Share of its memory that a process takes', labels: ['lane', 'host'] },
  process_loop_delay_seconds: { help: 'How late the slowest hundredth of its turns came', labels: ['lane', 'host'] },
  process_disk_ratio: { help: 'Used share of the disk it works on', labels: ['lane', 'host'] },
  up: { help: '1 where a cluster answers', labels: ['region', 'cluster'] },
  kafka_brokers: { help: 'Brokers of a region', labels: ['region'] },
  kafka_under_replicated_partitions: { help: 'Partitions of which copies are missing', labels: ['region'] },
  kafka_offline_partitions: { help: 'Partitions without a leader', labels: ['region'] },
  elasticsearch_status: { help: '0 green, 1 yellow, 2 red', labels: ['region'] },
  elasticsearch_nodes: { help: 'Nodes of a region', labels: ['region'] },
  elasticsearch_unassigned_shards: { help: 'Shards without a node', labels: ['region'] },
  elasticsearch_disk_ratio: { help: 'Used share of the fullest node\'s disk', labels: ['region'] },
  documents: { help: 'Documents that search sees', labels: ['region', 'pipeline'] },
  documents_of_hour: { help: '… by the hour (UTC) of the last day that they belong to', labels: ['region', 'pipeline', 'hour'] },
  operations: { help: 'Operations of the last ten minutes', labels: ['lane', 'host'] },
  operations_before: { help: 'Operations of the same ten minutes of an earlier day', labels: ['lane', 'when'] },
  failures: { help: 'Failures of the last ten minutes', labels: ['region', 'lane', 'host', 'pipeline', 'stage', 'type'] },
  failure_kind_age_seconds: { help: 'Since a kind of failure was first seen within a week', labels: ['pipeline', 'stage', 'type'] },
  heartbeat_age_seconds: { help: 'Since the newest heartbeat that came through a lane was emitted', labels: ['lane', 'source', 'destination'] },
  heartbeat_latency_seconds: { help: '95 % of the last heartbeats took no longer', labels: ['lane', 'source', 'destination'] },
  heartbeat_stage_seconds: { help: 'Median time of the last heartbeats in a stage', labels: ['lane', 'stage'] },
  heartbeats_received: { help: 'Heartbeats of a window that came', labels: ['lane', 'window'] },
  heartbeats_on_time: { help: '… within the promised time', labels: ['lane', 'window'] },
  heartbeats_expected: { help: '… that should have', labels: ['lane', 'window'] },
  audit_differences: { help: 'Differences that the last audit of an index found and left; a region that lacks the index counts as one', labels: ['index'] },
  audit_age_seconds: { help: 'Since a continuous audit ended a round, or began', labels: [] },
  audit_every_seconds: { help: 'How often it should', labels: [] },
  certificate_seconds: { help: 'Until a certificate ends', labels: ['certificate'] },
} as const;

/** The figures of the last look; a process that told nothing for `silentMs` has none but its silence. */
export function samplesOf(history: History, silentMs: number): Sample[] {
  const now = latestOf(history);
  return [...laneSamples(history, now), ...ingestSamples(history, now), ...processSamples(now, silentMs), ...now.regions.flatMap((region) => [...regionSamples(region), ...failureSamples(region, now.at)]), ...beatSamples(now), ...auditSamples(now), ...now.certificates.map(({ name, expiresAt }): Sample => ({ name: 'certificate_seconds', labels: { certificate: name }, value: (expiresAt - now.at) / SECOND_MS }))];
}

function laneSamples(history: History, now: Observation): Sample[] {
  return now.lanes.flatMap(({ lane, source, destination, partitions }): Sample[] => {
    const labels = { lane, source, destination };
    const ends = now.regions.find(({ region }) => region === destination)?.batches?.filter((batch) => batch.lane === lane).map(({ lastEnd }) => lastEnd) ?? [];
    const [age, left] = [lagAge(history, laneAt(lane)), leftOf(history, laneAt(lane))];
    return [
      ...(partitions === null ? [] : [{ name: 'lane_lag_records', labels, value: lagOf(partitions) } as const, { name: 'lane_removed_records', labels, value: removedOf(partitions) } as const]), ...figure('lane_lag_seconds', labels, age === null ? null : age / SECOND_MS),
      ...figure('lane_retention_seconds', labels, left === null ? null : left / SECOND_MS),
      ...figure('lane_batch_age_seconds', labels, ends.length === 0 ? null : (now.at - Math.max(...ends)) / SECOND_MS),
      ...(partitions ?? []).flatMap((each): Sample[] => {
        const where = { lane, topic: each.topic, partition: String(each.partition) };
        return [{ name: 'partition_lag_records', labels: where, value: lagOfPartition(each) }, { name: 'partition_offset', labels: where, value: each.committed }];
      }),
    ];
  });
}

function ingestSamples(history: History, now: Observation): Sample[] {
  return now.ingest.flatMap(({ region, partitions }): Sample[] => {
    if (partitions === null) return [];
    const age = lagAge(history, (seen) => seen.ingest.find((each) => each.region === region)?.partitions ?? null);
    return [{ name: 'ingest_lag_records', labels: { region }, value: lagOf(partitions) }, ...figure('ingest_lag_seconds', { region }, age === null ? null : age / SECOND_MS), { name: 'ingest_removed_records', labels: { region }, value: removedOf(partitions) }];
  });
}

function processSamples({ at, notes }: Observation, silentMs: number): Sample[] {
  const expected = notes.filter((note) => isExpected(note, notes, at, silentMs));
  const silences = expected.map(({ lane, host, ...note }): Sample => ({ name: 'process_silence_seconds', labels: { lane, host }, value: Math.max(0, at - note.at) / SECOND_MS }));
  return [...silences, ...living(expected, at, silentMs).flatMap(({ lane, host, state, startedAt, code, process, ...note }): Sample[] => {
    const labels = { lane, host };
    return [
      { name: 'process_state', labels: { ...labels, state }, value: 1 },
      { name: 'process_clock_ahead_seconds', labels, value: Math.max(0, note.at - at) / SECOND_MS },
      ...figure('process_start_time_seconds', labels, startedAt === undefined ? null : startedAt / SECOND_MS), ...(code === undefined ? [] : [{ name: 'process_code', labels: { ...labels, code }, value: 1 } as const]),
      ...figure('process_memory_ratio', labels, process?.memoryShare ?? null), ...figure('process_loop_delay_seconds', labels, process === undefined ? null : process.loopMs / SECOND_MS), ...figure('process_disk_ratio', labels, process?.diskShare ?? null),
    ];
  })];
}

function regionSamples({ region, kafka, elasticsearch, problems, documents, hours, batches, before }: RegionFacts): Sample[] {
  const labels = { region };
  return [
    ...(['kafka', 'elasticsearch'] as const).map((cluster): Sample => ({ name: 'up', labels: { region, cluster }, value: problems[cluster] === null ? 1 : 0 })),
    ...figure('kafka_brokers', labels, kafka?.brokers ?? null), ...figure('kafka_under_replicated_partitions', labels, kafka?.underReplicated.length ?? null), ...figure('kafka_offline_partitions', labels, kafka?.offline.length ?? null),
    ...figure('elasticsearch_status', labels, elasticsearch === null ? null : ['green', 'yellow', 'red'].indexOf(elasticsearch.status)), ...figure('elasticsearch_nodes', labels, elasticsearch?.nodes ?? null),
    ...figure('elasticsearch_unassigned_shards', labels, elasticsearch?.unassignedShards ?? null), ...figure('elasticsearch_disk_ratio', labels, elasticsearch?.diskUsed ?? null),
    ...Object.entries(documents ?? {}).map(([pipeline, value]): Sample => ({ name: 'documents', labels: { region, pipeline }, value })),
    ...Object.entries(hours ?? {}).flatMap(([pipeline, counts]) => Object.entries(counts).map(([hour, value]): Sample => ({ name: 'documents_of_hour', labels: { region, pipeline, hour: new Date(Number(hour)).toISOString().slice(11, 13) }, value }))),
    ...(batches ?? []).map(({ lane, host, operations }): Sample => ({ name: 'operations', labels: { lane, host }, value: operations })),
    // Beside batches that could not be read they would tell of silence.
    ...(batches === null ? [] : before).flatMap(({ lane, dayBefore, weekBefore }) => [...figure('operations_before', { lane, when: 'yesterday' }, dayBefore), ...figure('operations_before', { lane, when: 'last week' }, weekBefore)]),
  ];
}

function failureSamples({ region, failures }: RegionFacts, now: number): Sample[] {
  return (failures ?? []).flatMap(({ lane, host, pipeline, stage, type, count, firstSeen }): Sample[] => [
    { name: 'failures', labels: { region, lane: lane ?? 'ingest', host, pipeline, stage, type }, value: count },
    { name: 'failure_kind_age_seconds', labels: { pipeline, stage, type }, value: (now - firstSeen) / SECOND_MS },
  ]);
}

function beatSamples({ at, lanes, regions, heartbeats: { everyMs, partitions } }: Observation): Sample[] {
  return lanes.flatMap(({ lane, source, destination }): Sample[] => {
    const facts = regions.find(({ region }) => region === destination)?.heartbeats?.find((each) => each.lane === lane);
    if (facts === undefined || everyMs === 0) return [];
    const labels = { lane, source, destination };
    return [
      ...figure('heartbeat_age_seconds', labels, facts.lastEmitted === null ? null : (at - facts.lastEmitted) / SECOND_MS), ...figure('heartbeat_latency_seconds', labels, facts.latencyMs === null ? null : facts.latencyMs / SECOND_MS),
      ...Object.entries(facts.stages).map(([stage, ms]): Sample => ({ name: 'heartbeat_stage_seconds', labels: { lane, stage }, value: ms / SECOND_MS })),
      ...facts.windows.flatMap(({ ms, until, received, onTime }): Sample[] => {
        const where = { lane, window: `${ms / MINUTE_MS}m` };
        const expected = Math.max(0, Math.floor((until - Math.max(until - ms, (facts.since ?? until) + everyMs)) / everyMs)) * (partitions ?? 0);
        return [{ name: 'heartbeats_received', labels: where, value: received }, { name: 'heartbeats_on_time', labels: where, value: onTime }, { name: 'heartbeats_expected', labels: where, value: expected }];
      }),
    ];
  });
}

function auditSamples(now: Observation): Sample[] {
  const rounds = roundsOf(now);
  if (rounds === null) return [];
  const left = lastRounds(rounds).map((round): Sample => ({ name: 'audit_differences', labels: { index: round.index }, value: leftIn(round) }));
  const running = auditsOf(now);
  if (running.length === 0) return left;
  const { age, everyMs } = sinceLastRound(now, rounds, begunOf(running));
  return [...left, { name: 'audit_age_seconds', labels: {}, value: age / SECOND_MS }, { name: 'audit_every_seconds', labels: {}, value: everyMs / SECOND_MS }];
}

function figure(name: Sample['name'], labels: Sample['labels'], value: number | null): Sample[] {
  return value === null ? [] : [{ name, labels, value }];
}

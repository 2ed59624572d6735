import type { ProcessFigures } from '../../../src/observability/process-figures.ts';
import { audited, batch, beats, before, elastic, failure, kafka, partition, regionFacts, time, type Changes, type Script } from '../series.ts';

/** A recorded series: how long, and what it holds. */
export type Case = readonly [what: string, seconds: number, script: Script];
export interface Cases {
  /** Series that fire this rule and no other. */
  readonly fires: readonly Case[];
  /** Series that look like it and fire nothing at all. */
  readonly quiet: readonly Case[];
}

const MINUTE = 60;
const stale = { batches: [batch({ lastEnd: time(-100) })] };
/** 24 partitions of 10 records a step, of which one may stand still. */
const pair = (second: number, first: number) => [partition(first, 100 + second), partition(90 + second, 100 + second, { partition: 1 })];
const poison = (count: number, changes = {}) => ({ failures: [failure({ count, ...changes })] });
const counts = (west: number, east: number): Script => (second) => ({ regions: [regionFacts('west', time(second), { documents: { things: west } }), regionFacts('east', time(second), { documents: { things: east } })] });
/** Documents of one hour in each region; the sums hide the difference. */
const hours = (west: number, east: number): Script => (second) => ({ regions: [regionFacts('west', time(second), { documents: { things: 10_000_000 }, hours: { things: { [String(time(0))]: west } } }), regionFacts('east', time(second), { documents: { things: 9_999_000 }, hours: { things: { [String(time(0))]: east } } })] });
const told = (state: string, reason: string | null = 'write block'): Script => () => ({ notes: [{ state, reason }] });
const ingestTold = (state: string): Script => () => ({ notes: [{ lane: 'ingest:west', state, reason: 'not acknowledged' }] });
const beating = (second: number, changes: Parameters<typeof beats>[0]): Changes => ({ region: { heartbeats: [beats({ lastEmitted: time(second), ...changes })] } });
const figures = (second: number, changes: Partial<ProcessFigures>) => ({ at: time(second), process: { memoryBytes: 1, memoryShare: 0.5, loopMs: 5, diskShare: 0.5, ...changes } });
const audits = (...rounds: readonly Parameters<typeof audited>[0][]) => ({ audits: rounds.map(audited) });
/** A continuous audit that lives, whose last round ended so long ago, seconds. */
const auditing = (second: number, age: number, changes: Parameters<typeof audited>[0] = {}): Changes => ({ notes: [{ lane: 'audit', at: time(second), startedAt: time(-86_400) }], region: audits({ at: time(second - age), everyMs: 600_000, ...changes }) });
const inRegion = (region: Parameters<typeof regionFacts>[2]): Script => () => ({ region });

/** For every default rule: what must fire it, and what must not. */
export const CASES: Readonly<Record<string, Cases>> = {
  'process-silent': {
    fires: [['a process that told something until it was killed', 60, (second) => ({ notes: [{ at: time(Math.min(second, 10)) }] })]],
    quiet: [
      ['one that said that it stops', 120, (second) => ({ notes: [{ at: time(Math.min(second, 10)), state: second < 10 ? 'running' : 'stopped' }] })],
      ['one that was started anew under another name', 120, (second) => ({ notes: [{ at: time(Math.min(second, 10)) }, { host: 'h2', startedAt: time(15), at: time(second) }].slice(0, second < 15 ? 1 : 2) })],
      ['notes every ten seconds', 60, (second) => ({ notes: [{ at: time(second - (second % 10)) }] })],
    ],
  },
  'lane-stalled': {
    fires: [
      ['work, no commit and no batch', 40, () => ({ lane: [partition(10, 100)], region: stale })],
      ['a lane that never ran', 40, () => ({ lane: [partition(0, 100)], region: { batches: [] } })],
    ],
    quiet: [
      ['nothing to do', 600, () => ({ lane: [partition(100, 100)], region: stale })],
      ['commits that move', 60, (second) => ({ lane: [partition(10 + second, 100 + second)], region: stale })],
      ['one long batch that ended just now', 60, () => ({ lane: [partition(10, 100)] })],
      ['a rebalance of fifteen seconds', 60, (second) => ({ lane: [partition(second > 10 && second < 25 ? 10 : 10 + second, 200 + second)], region: stale })],
      ['positions that cannot be read', 60, () => ({ lane: null, region: stale })],
    ],
  },
  'partition-stalled': {
    fires: [['one of two partitions stands still', 100, (second) => ({ lane: pair(second, 10) })]],
    quiet: [['both move', 100, (second) => ({ lane: pair(second, 10 + second) })], ['one has nothing to do', 100, (second) => ({ lane: [partition(50, 50), partition(second, 100 + second, { partition: 1 })] })]],
  },
  'lane-held': {
    fires: [['a process that is held', 10, told('held')], ['… for so long that no batch is known any more', 20 * MINUTE, (second) => ({ ...told('held')(second), region: { batches: [] } })]],
    quiet: [['a process that runs', 60, told('running', null)], ['held long ago, stopped since', 60, () => ({ notes: [{ state: 'stopped', reason: 'write block' }] })], ['held for one look', 30, (second) => ({ notes: [{ state: second === 10 ? 'held' : 'running' }] })]],
  },
  'lane-backing-off': {
    fires: [['refused for minutes', 3 * MINUTE, told('backing-off', 'es_rejected_execution_exception')]],
    quiet: [['refused now and then', 10 * MINUTE, (second) => ({ notes: [{ state: second % 50 < 30 ? 'backing-off' : 'running' }] })]],
  },
  'ingest-region-cut': {
    fires: [['ingest tells that it cut the region loose', 10, ingestTold('cut')]],
    quiet: [['catching up', 60, ingestTold('catching-up')], ['joined', 60, ingestTold('joined')]],
  },
  'lag-records': {
    fires: [['a backlog that shrinks, and is large', 60, (second) => ({ lane: [partition(second * 1_000, 2_000_000)] })]],
    quiet: [['a peak of twenty seconds', 60, (second) => ({ lane: [partition(second < 20 ? 0 : 2_000_000 + second, second < 20 ? 2_000_000 : 2_000_000 + second)] })], ['a small backlog', 60, (second) => ({ lane: [partition(second * 10, 1_000 + second * 10)] })]],
  },
  'lag-seconds': {
    fires: [['records that wait for minutes', 5 * MINUTE, (second) => ({ lane: [partition(second + 1, 400 + second)] })]],
    quiet: [['records that wait for ten seconds', 10 * MINUTE, (second) => ({ lane: [partition(second * 100, second * 100 + 1_000)] })]],
  },
  'lag-growing': {
    fires: [['more comes in than is settled', 6 * MINUTE, (second) => ({ lane: [partition(70_000 + second * 9_000, 80_000 + second * 10_000)] })]],
    quiet: [
      ['a sawtooth', 20 * MINUTE, (second) => ({ lane: [partition(second * 10_000, second * 10_000 + (second % 60) * 10_000)] })],
      ['a dip between two plateaus', 6 * MINUTE, (second) => ({ lane: [partition(second * 10_000, second * 10_000 + (second < 150 ? 200_000 : second < 250 ? 120_000 : 250_000))] })],
      ['it grows from nothing to a little', 10 * MINUTE, (second) => ({ lane: [partition(second * 1_000, second * 1_001)] })],
    ],
  },
  'ingest-lag-seconds': {
    fires: [['events that wait for minutes', 5 * MINUTE, (second) => ({ ingest: [partition(second + 1, 400 + second)] })]],
    quiet: [['events that flow', 5 * MINUTE, (second) => ({ ingest: [partition(second * 100, second * 100 + 50)] })]],
  },
  'ingest-retention': {
    fires: [
      ['retention comes near', 60, (second) => ({ ingest: [partition(5_000 + second * 100, 20_000 + second * 100, { earliest: 4_000 + second * 100 })] })],
      ['records were removed', 10, () => ({ ingest: [partition(5, 1_000, { earliest: 100 })] })],
    ],
    quiet: [
      ['retention removes, far away', 60, (second) => ({ ingest: [partition(900_000_000 + second * 100, 900_000_100 + second * 100, { earliest: second })] })],
      ['a lag, and nothing is removed', 60, (second) => ({ ingest: [partition(5_000 + second * 100, 9_000 + second * 100)] })],
      ['a large segment goes, and a day of records is left', 60, (second) => ({ ingest: [partition(18_000_000 + second * 100, 18_000_100 + second * 100, { earliest: second < 30 ? 1_000 : 9_000_000 })] })],
    ],
  },
  'lane-retention': {
    fires: [
      ['retention comes near', 60, (second) => ({ lane: [partition(5_000 + second * 100, 20_000 + second * 100, { earliest: 4_000 + second * 100 })] })],
      ['records were removed before they were settled', 10, () => ({ lane: [partition(5, 1_000, { earliest: 100 })] })],
    ],
    quiet: [
      ['retention removes, far away', 60, (second) => ({ lane: [partition(900_000_000 + second * 100, 900_000_100 + second * 100, { earliest: second })] })],
      ['everything was settled, and is removed', 60, (second) => ({ lane: [partition(5_000, 5_000, { earliest: 4_000 + second * 10 })] })],
      ['a large segment goes, and a day of records is left', 60, (second) => ({ lane: [partition(18_000_000 + second * 100, 18_000_100 + second * 100, { earliest: second < 30 ? 1_000 : 9_000_000 })] })],
      ['positions that cannot be read', 60, () => ({ lane: null })],
    ],
  },
  'failure-share': {
    fires: [['a twentieth fails', 10, inRegion(poison(50))], ['everything fails', 10, inRegion(poison(500, { host: 'h1' }))], ['decoding fails', 10, inRegion(poison(50, { lane: null, stage: 'decode' }))]],
    quiet: [['one in a thousand', 60, inRegion(poison(1))], ['four of four: too few to judge', 60, inRegion({ ...poison(4), batches: [batch({ operations: 4, lastEnd: time(0) })], before: [before({ dayBefore: 4 })] })]],
  },
  'failure-new-kind': {
    fires: [['one failure of a kind not seen before', 10, inRegion(poison(1, { type: 'strange', firstSeen: time(0) }))]],
    quiet: [['a kind that is known', 60, inRegion(poison(1, { firstSeen: time(-86_400) }))]],
  },
  'failure-host-alone': {
    fires: [['one of two hosts fails', 2 * MINUTE, inRegion({ failures: [failure({ count: 20 })], batches: [batch({ operations: 2_000, lastEnd: time(0) }), batch({ host: 'h2', operations: 2_000 })] })]],
    quiet: [['both fail alike', 2 * MINUTE, inRegion({ failures: [failure({ count: 20 }), failure({ count: 18, host: 'h2' })], batches: [batch({ operations: 4_000 }), batch({ host: 'h2', operations: 4_000 })] })]],
  },
  'kafka-unreachable': {
    fires: [['no answer', 10, inRegion({ kafka: null, problems: { kafka: 'connection refused', elasticsearch: null } })]],
    quiet: [['one look without an answer', 60, (second) => ({ region: second === 20 ? { kafka: null, problems: { kafka: 'timed out', elasticsearch: null } } : {} })]],
  },
  'kafka-offline-partitions': {
    fires: [['a partition without a leader', 20, inRegion({ kafka: kafka({ offline: [{ topic: 't', partition: 3 }], underReplicated: [{ topic: 't', partition: 3 }] }) })]],
    quiet: [['an election', 60, (second) => ({ region: second === 20 ? { kafka: kafka({ offline: [{ topic: 't', partition: 3 }] }) } : {} })]],
  },
  'kafka-under-replicated': {
    fires: [['a copy is missing for minutes', 2 * MINUTE, inRegion({ kafka: kafka({ underReplicated: [{ topic: 't', partition: 3 }] }) })]],
    quiet: [['a broker restarts', 3 * MINUTE, (second) => ({ region: second > 20 && second < 70 ? { kafka: kafka({ underReplicated: [{ topic: 't', partition: 3 }] }) } : {} })]],
  },
  'elasticsearch-unreachable': {
    fires: [['no answer', 10, inRegion({ elasticsearch: null, batches: null, failures: null, documents: null, problems: { kafka: null, elasticsearch: 'connection refused' } })]],
    quiet: [['one look without an answer', 60, (second) => ({ region: second === 20 ? { elasticsearch: null, problems: { kafka: null, elasticsearch: 'timed out' } } : {} })]],
  },
  'elasticsearch-red': {
    fires: [['red', 10, inRegion({ elasticsearch: elastic({ status: 'red', unassignedShards: 2 }) })]],
    quiet: [['red for one look, as after a creation', 60, (second) => ({ region: second === 20 ? { elasticsearch: elastic({ status: 'red' }) } : {} })]],
  },
  'elasticsearch-yellow': {
    fires: [['yellow for minutes', 2 * MINUTE, inRegion({ elasticsearch: elastic({ status: 'yellow' }) })]],
    quiet: [['yellow for half a minute', 3 * MINUTE, (second) => ({ region: second < 30 ? { elasticsearch: elastic({ status: 'yellow' }) } : {} })]],
  },
  'elasticsearch-disk': {
    fires: [['93 % used', 10, inRegion({ elasticsearch: elastic({ diskUsed: 0.93 }) })]],
    quiet: [['85 % used', 60, inRegion({ elasticsearch: elastic({ diskUsed: 0.85 }) })], ['a cluster that does not tell', 60, inRegion({ elasticsearch: elastic({ diskUsed: null }) })]],
  },
  'region-difference': {
    fires: [['a tenth is missing, with nothing under way', 3 * MINUTE, counts(1_000, 900)], ['an hour is missing in one region, and little of the whole', 3 * MINUTE, hours(1_000, 0)]],
    quiet: [['three documents of ten thousand', 3 * MINUTE, counts(10_000, 9_997)], ['three documents of an hour', 3 * MINUTE, hours(1_000, 997)], ['an hour that one region did not count', 3 * MINUTE, (second) => ({ region: { hours: { things: {} } }, second })], ['a difference while a lane catches up', 3 * MINUTE, (second) => ({ ...counts(1_000, 900)(second), lane: [partition(second * 10, second * 10 + 100)] })]],
  },
  'traffic-drop': {
    fires: [
      ['a tenth of yesterday and of last week', 2 * MINUTE, inRegion({ batches: [batch({ operations: 100 })] })],
      ['a tenth of yesterday, with no week behind', 2 * MINUTE, inRegion({ batches: [batch({ operations: 100 })], before: [before({ weekBefore: 0 })] })],
      ['nothing at all for longer than batches are looked back for', 20 * MINUTE, inRegion({ batches: [] })],
    ],
    quiet: [
      ['a Sunday as quiet as the last one', 2 * MINUTE, inRegion({ batches: [batch({ operations: 100 })], before: [before({ weekBefore: 150 })] })],
      ['two thirds of yesterday', 2 * MINUTE, inRegion({ batches: [batch({ operations: 700 })] })],
      ['a lane that had little to do yesterday', 2 * MINUTE, inRegion({ batches: [batch({ operations: 1 })], before: [before({ dayBefore: 400 })] })],
      ['nothing, as on every day', 2 * MINUTE, inRegion({ batches: [], before: [] })],
      ['batches that cannot be read', 2 * MINUTE, inRegion({ batches: null })],
    ],
  },
  'clock-skew': {
    fires: [['a minute ahead', 10, (second) => ({ notes: [{ at: time(second + 60) }] })]],
    quiet: [['half a second ahead', 60, (second) => ({ notes: [{ at: time(second) + 500 }] })]],
  },
  'mixed-code': {
    fires: [['two versions for an hour', 3_600, () => ({ notes: [{}, { host: 'h2', code: '2' }] })]],
    quiet: [['a rollout of ten minutes', 3_600, (second) => ({ notes: [{ code: second < 600 ? '1' : '2' }, { host: 'h2', code: '2' }] })]],
  },
  'restart-loop': {
    fires: [
      ['a process that ends again and again', 5 * MINUTE, (second) => ({ notes: Array.from({ length: Math.floor(second / 60) + 1 }, (_, at) => ({ host: `h-${100 + at}`, startedAt: time(at * 60), at: time(Math.min(second, at * 60 + 55)), state: at < Math.floor(second / 60) ? 'stopped' : 'running' })) })],
      ['under one name', 5 * MINUTE, (second) => ({ notes: [{ host: 'box', startedAt: time(second - (second % 60)), at: time(second) }] })],
    ],
    quiet: [
      ['a rollout', 5 * MINUTE, (second) => ({ notes: [{ host: 'h-1', startedAt: time(-900), at: time(Math.min(second, 60)), state: second < 60 ? 'running' : 'stopped' }, { host: 'h-2', startedAt: time(60), at: time(second) }].slice(0, second < 60 ? 1 : 2) })],
      ['ingest restarted once, told in two regions', 5 * MINUTE, (second) => ({ notes: ['ingest:west', 'ingest:east'].map((lane) => ({ lane, host: 'box', state: 'joined', reason: null, startedAt: time(second < 60 ? -30 : 60), at: time(second) })) })],
      ['six processes started at once on one machine', 5 * MINUTE, (second) => ({ notes: Array.from({ length: 6 }, (_, at) => ({ host: `h-${at}`, startedAt: time(0), at: time(second) })) })],
    ],
  },
  'host-memory': {
    fires: [['95 % for minutes', 2 * MINUTE, (second) => ({ notes: [figures(second, { memoryShare: 0.95 })] })]],
    quiet: [['95 % for half a minute', 3 * MINUTE, (second) => ({ notes: [figures(second, { memoryShare: second < 30 ? 0.95 : 0.5 })] })], ['a process that tells no figures', MINUTE, (second) => ({ notes: [{ at: time(second) }] })]],
  },
  'host-event-loop': {
    fires: [['two seconds late for minutes', 2 * MINUTE, (second) => ({ notes: [figures(second, { loopMs: 2_000 })] })]],
    quiet: [['a collection of garbage now and then', 5 * MINUTE, (second) => ({ notes: [figures(second, { loopMs: second % 60 === 0 ? 3_000 : 5 })] })]],
  },
  'host-disk': {
    fires: [['97 % used', 2 * MINUTE, (second) => ({ notes: [figures(second, { diskShare: 0.97 })] })]],
    quiet: [['90 % used', 2 * MINUTE, (second) => ({ notes: [figures(second, { diskShare: 0.9 })] })], ['a disk that cannot be asked', 2 * MINUTE, (second) => ({ notes: [figures(second, { diskShare: null })] })]],
  },
  'heartbeat-missing': {
    fires: [
      ['none for a minute', 2 * MINUTE, (second) => beating(second, { lastEmitted: time(Math.min(second, 10)) })],
      ['none in any lane', 2 * MINUTE, (second) => ({ regions: ['west', 'east'].map((region) => regionFacts(region, time(second), { heartbeats: [beats({ lastEmitted: time(Math.min(second, 10)) })] })) })],
    ],
    quiet: [
      ['one in forty seconds', 5 * MINUTE, (second) => beating(second, { lastEmitted: time(second - (second % 40)) })],
      ['never any, as when they were switched on just now', 5 * MINUTE, inRegion({ heartbeats: [] })],
      ['an index that cannot be read', 5 * MINUTE, inRegion({ heartbeats: null })],
      ['none are emitted', 5 * MINUTE, (second) => ({ ...beating(second, { lastEmitted: time(-9_999) }), heartbeats: { everyMs: 0 } })],
    ],
  },
  'heartbeat-availability': {
    fires: [['a hundredth of the day is missing', 20, (second) => beating(second, { received: 0.99, share: 1 })]],
    quiet: [['one in five thousand is missing', 20, (second) => beating(second, { received: 0.9998, share: 1 })], ['an installation of an hour', 20, (second) => beating(second, { received: 0.03, share: 1, since: time(-3_600) })]],
  },
  'freshness-burn-fast': {
    fires: [['a twentieth comes late', 20, (second) => beating(second, { share: 0.95, received: 1 })]],
    quiet: [
      ['one in five thousand comes late', 20, (second) => beating(second, { share: 0.9998, received: 1 })],
      ['it was bad, and is well again', 20, (second) => beating(second, { windows: beats({ share: 0.9, received: 1 }).windows.map((window) => (window.ms === 60_000 ? { ...window, onTime: window.received } : window)) })],
      ['the first seconds of a new installation', 20, (second) => beating(second, { share: 0, received: 0, since: time(-45) })],
    ],
  },
  'freshness-burn-slow': {
    fires: [['eight in a thousand come late for hours', 20, (second) => beating(second, { share: 0.992, received: 1 })]],
    quiet: [['four in a thousand come late', 20, (second) => beating(second, { share: 0.996, received: 1 })]],
  },
  'audit-differences': {
    fires: [
      ['two that were left', 10, inRegion(audits({ left: 2, failed: 1 }))],
      ['an index that a region lacks', 10, inRegion(audits({ absent: ['east'] }))],
      ['two that were left, by the later of two audits', 10, (second) => ({ regions: [regionFacts('west', time(second), audits({ at: time(-60) })), regionFacts('east', time(second), audits({ left: 2 }))] })],
      ['… in whichever region that stands', 10, (second) => ({ regions: [regionFacts('west', time(second), audits({ left: 2 })), regionFacts('east', time(second), audits({ at: time(-60) }))] })],
      ['a later audit that could not be ended says nothing', 10, inRegion(audits({ left: 2, at: time(-600) }, { complete: false, problem: 'no answer' }))],
    ],
    quiet: [
      ['all were repaired', 60, inRegion(audits({}))],
      ['repaired later', 60, (second) => ({ regions: [regionFacts('west', time(second), audits({ left: 2, at: time(-60) })), regionFacts('east', time(second), audits({}))] })],
      ['an index of audits that cannot be read', 60, inRegion({ audits: null })],
    ],
  },
  'audit-overdue': {
    fires: [
      ['no round for two hours', 10, (second) => auditing(second, 7_200)],
      ['rounds that cannot be ended', 10, (second) => auditing(second, 7_200, { complete: false, problem: 'no answer', at: time(second) })],
      ['none since it was begun', 10, (second) => ({ ...auditing(second, 0), region: {} })],
    ],
    quiet: [
      ['a round a minute ago', 60, (second) => auditing(second, 60)],
      ['no round for two hours, at one an hour', 60, (second) => auditing(second, 7_200, { everyMs: 3_600_000 })],
      ['no round of its own for two hours, and one by hand', 60, (second) => auditing(second, 60, { everyMs: null })],
      ['one that was stopped', 60, (second) => ({ ...auditing(second, 7_200), notes: [{ lane: 'audit', state: 'stopped', startedAt: time(-86_400) }] })],
      ['one that was begun just now, long after the last', 60, (second) => ({ ...auditing(second, 7_200), notes: [{ lane: 'audit', at: time(second), startedAt: time(-10) }] })],
      ['audits that are made once', 60, inRegion(audits({ at: time(-86_400) }))],
      ['an index of audits that cannot be read', 60, (second) => ({ ...auditing(second, 7_200), regions: ['west', 'east'].map((region) => regionFacts(region, time(second), { audits: null })) })],
    ],
  },
  'certificate-expiry': {
    fires: [['two weeks left', 5, () => ({ certificates: [{ name: 'Kafka west', expiresAt: time(14 * 86_400) }] })]],
    quiet: [['a month left', 5, () => ({ certificates: [{ name: 'Kafka west', expiresAt: time(31 * 86_400) }] })]],
  },
  'certificate-ends': {
    fires: [['ended yesterday', 5, () => ({ certificates: [{ name: 'Kafka west', expiresAt: time(-86_400) }] })], ['two days left', 5, () => ({ certificates: [{ name: 'Kafka west', expiresAt: time(2 * 86_400) }] })]],
    quiet: [['another one ended a month ago and was replaced', 5, () => ({ certificates: [{ name: 'Kafka west', expiresAt: time(365 * 86_400) }] })]],
  },
};

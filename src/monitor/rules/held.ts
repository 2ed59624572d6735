import type { StateNote } from '../state-notes.ts';
import { latestOf } from '../observe/history.ts';
import type { Observation } from '../observe/observation.ts';
import type { Finding, Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

/** Prefix of the name under which ingest tells the state of a region. */
export const INGEST_TO = 'ingest:';

/** Lanes that wait for their destination, and regions that ingest had to cut loose: they say why themselves. */
export function heldRules({ backingOffMs, silentMs }: Thresholds): Rule[] {
  const tells = (state: string) => (observation: Observation) => byLane(observation, silentMs, state);
  return [
    {
      name: 'lane-held', severity: 'critical', forMs: 3_000, keepMs: 5_000,
      meaning: 'Nothing can be written until somebody mends the destination (write block, closed index, wrong credentials); the reason says what. The lane probes and goes on by itself.',
      examine: (history) => tells('held')(latestOf(history)),
    },
    {
      name: 'lane-backing-off', severity: 'warning', forMs: backingOffMs, keepMs: 10_000,
      meaning: 'The destination has been refusing or not answering for a while. The lane waits and tries again without end; look at the load and health of that Elasticsearch.',
      examine: (history) => tells('backing-off')(latestOf(history)),
    },
    {
      name: 'ingest-region-cut', severity: 'critical', forMs: 3_000, keepMs: 10_000,
      meaning: 'A region\'s Kafka does not take documents; the other region goes on. When it answers again it catches up from its own position, as long as the source keeps the records (see ingest-retention).',
      examine: (history) => byRegion(latestOf(history), silentMs),
    },
  ];
}

/** One finding a lane: bad while any of its living processes is in that state. */
function byLane({ at, lanes, notes }: Observation, silentMs: number, state: string): Finding[] {
  return lanes.map(({ lane, source, destination }) => {
    const told = living(notes, at, silentMs).filter((note) => note.lane === lane);
    const waiting = told.filter((note) => note.state === state);
    const [first] = waiting;
    return {
      labels: { lane, source, destination }, level: first === undefined ? 'good' : 'bad', value: waiting.length,
      what: first === undefined ? `no process is ${state}` : `${waiting.length} of ${told.length} processes ${state}: ${first.reason ?? 'no reason was told'}`,
      evidence: ['sluice status'],
    };
  });
}

function byRegion({ at, ingest, notes }: Observation, silentMs: number): Finding[] {
  return ingest.map(({ region }) => {
    const cut = living(notes, at, silentMs).filter((note) => note.lane === INGEST_TO + region && note.state === 'cut');
    return {
      labels: { region }, level: cut.length === 0 ? 'good' : 'bad', value: cut.length,
      what: cut.length === 0 ? 'every ingest process feeds it' : `${cut.length} ingest processes cut it loose: ${cut[0]?.reason ?? 'no reason was told'}`,
      evidence: ['sluice status'],
    };
  });
}

/** Those that told something of late: what an older note says is not so any more. */
export function living(notes: readonly StateNote[], now: number, silentMs: number): StateNote[] {
  return notes.filter((note) => now - note.at <= silentMs);
}

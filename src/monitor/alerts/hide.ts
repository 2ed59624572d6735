import { isOpen, type Alert } from './alert.ts';
import { matches, type Silence } from './silence.ts';

/** An alert that explains others: while it is open (also pending), these are not told. */
export interface Inhibition {
  readonly cause: string;
  readonly hides: readonly string[];
  /** The label of the cause that must equal the label of what it hides. */
  readonly same: readonly (readonly [cause: string, hidden: string])[];
}

const LAG = ['lag-records', 'lag-seconds', 'lag-growing'];
const STANDS_STILL = ['lane-stalled', 'partition-stalled', ...LAG];

/** What follows from what. */
export const INHIBITIONS: readonly Inhibition[] = [
  { cause: 'elasticsearch-unreachable', hides: [...STANDS_STILL, 'lane-held', 'lane-backing-off'], same: [['region', 'destination']] },
  { cause: 'elasticsearch-unreachable', hides: ['elasticsearch-yellow', 'elasticsearch-red'], same: [['region', 'region']] },
  { cause: 'elasticsearch-red', hides: [...STANDS_STILL, 'lane-held', 'lane-backing-off'], same: [['region', 'destination']] },
  { cause: 'elasticsearch-red', hides: ['elasticsearch-yellow'], same: [['region', 'region']] },
  { cause: 'kafka-unreachable', hides: STANDS_STILL, same: [['region', 'source']] },
  { cause: 'kafka-unreachable', hides: ['ingest-region-cut', 'ingest-lag-seconds', 'kafka-offline-partitions', 'kafka-under-replicated'], same: [['region', 'region']] },
  { cause: 'kafka-offline-partitions', hides: [...STANDS_STILL, 'kafka-under-replicated'], same: [['region', 'source']] },
  { cause: 'kafka-offline-partitions', hides: ['kafka-under-replicated'], same: [['region', 'region']] },
  { cause: 'lane-held', hides: [...STANDS_STILL, 'lane-backing-off'], same: [['lane', 'lane']] },
  { cause: 'lane-backing-off', hides: STANDS_STILL, same: [['lane', 'lane']] },
  { cause: 'lane-stalled', hides: ['partition-stalled', ...LAG], same: [['lane', 'lane']] },
  { cause: 'ingest-region-cut', hides: ['ingest-lag-seconds'], same: [['region', 'region']] },
  { cause: 'failure-share', hides: ['failure-host-alone'], same: [['lane', 'lane']] },
];

/** The alerts, each with why nobody is told of it. */
export function hide(alerts: readonly Alert[], silences: readonly Silence[], now: number, inhibitions = INHIBITIONS): Alert[] {
  const open = alerts.filter(isOpen);
  return alerts.map((alert) => {
    const hiddenBy = isOpen(alert) ? silencedBy(alert, silences, now) ?? explainedBy(alert, open, inhibitions) : alert.hiddenBy;
    return hiddenBy === alert.hiddenBy ? alert : { ...alert, hiddenBy };
  });
}

function silencedBy(alert: Alert, silences: readonly Silence[], now: number): string | null {
  const silence = silences.find((each) => each.from <= now && now < each.until && matches(each, alert));
  return silence === undefined ? null : `silence ${silence.id}`;
}

function explainedBy(alert: Alert, open: readonly Alert[], inhibitions: readonly Inhibition[]): string | null {
  for (const { cause, hides, same } of inhibitions) {
    if (!hides.includes(alert.rule)) continue;
    const found = open.find((other) => other.rule === cause && same.every(([its, own]) => alert.labels[own] !== undefined && other.labels[its] === alert.labels[own]));
    if (found !== undefined) return found.key;
  }
  return null;
}

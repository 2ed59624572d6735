import type { Labels } from '../rules/rule.ts';
import { isOpen, type Alert } from './alert.ts';
import { matches, type Silence } from './silence.ts';

/** An alert that explains others: while it is open (also pending), these are not told. */
export interface Inhibition {
  readonly cause: string;
  /** Labels that the cause must have. */
  readonly of?: Labels;
  readonly hides: readonly string[];
  /** The label of the cause that must equal the label of what it hides. */
  readonly same: readonly (readonly [cause: string, hidden: string])[];
  /** Figures over minutes show the cause for so long after it is gone, ms. */
  readonly lingerMs?: number;
}

const LAG = ['lag-records', 'lag-seconds', 'lag-growing'];
const STANDS_STILL = ['lane-stalled', 'partition-stalled', ...LAG];

const HEARTBEATS = ['heartbeat-missing', 'freshness-burn-fast', 'freshness-burn-slow'];
/** How long after its end a cause still explains what a window of heartbeats or batches shows, ms. */
export const LINGER_MS = 600_000;

/** Causes of heartbeats that come late or not at all. */
const STOPS_HEARTBEATS: readonly Inhibition[] = ([
  ['elasticsearch-unreachable', 'region', 'destination'], ['elasticsearch-red', 'region', 'destination'], ['kafka-unreachable', 'region', 'source'], ['kafka-offline-partitions', 'region', 'source'], ['ingest-region-cut', 'region', 'source'],
  ['lane-held', 'lane', 'lane'], ['lane-backing-off', 'lane', 'lane'], ['lane-stalled', 'lane', 'lane'], ['partition-stalled', 'lane', 'lane'], ['process-silent', 'lane', 'lane'], ['process-silent', 'service', 'service'],
] as const).map(([cause, its, own]) => ({ cause, hides: HEARTBEATS, same: [[its, own]], lingerMs: LINGER_MS }));

/** Causes of a lane that writes less than usual, other than that less comes in. */
const STOPS_TRAFFIC = ['lane-held', 'lane-backing-off', 'lane-stalled'].map((cause): Inhibition => ({ cause, hides: ['traffic-drop'], same: [['lane', 'lane']], lingerMs: LINGER_MS }));

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
  ...STOPS_HEARTBEATS,
  ...STOPS_TRAFFIC,
  { cause: 'heartbeat-missing', hides: ['freshness-burn-fast', 'freshness-burn-slow'], same: [['lane', 'lane']], lingerMs: LINGER_MS },
  // Where they stop at ingest, no lane has any.
  { cause: 'heartbeat-missing', of: { lane: 'ingest' }, hides: ['freshness-burn-fast', 'freshness-burn-slow'], same: [], lingerMs: LINGER_MS },
  { cause: 'freshness-burn-fast', hides: ['freshness-burn-slow'], same: [['lane', 'lane']], lingerMs: LINGER_MS },
  // An audit needs every region.
  { cause: 'elasticsearch-unreachable', hides: ['audit-overdue'], same: [], lingerMs: LINGER_MS },
  { cause: 'process-silent', hides: ['audit-overdue'], same: [['service', 'service']] },
  { cause: 'certificate-ends', hides: ['certificate-expiry'], same: [['certificate', 'certificate']] },
  { cause: 'failure-share', hides: ['failure-host-alone'], same: [['lane', 'lane']] },
];

/** The alerts, each with why nobody is told of it. */
export function hide(alerts: readonly Alert[], silences: readonly Silence[], now: number, inhibitions = INHIBITIONS): Alert[] {
  return alerts.map((alert) => {
    const hiddenBy = isOpen(alert) ? silencedBy(alert, silences, now) ?? explainedBy(alert, alerts, inhibitions, now) : alert.hiddenBy;
    return hiddenBy === alert.hiddenBy ? alert : { ...alert, hiddenBy };
  });
}

function silencedBy(alert: Alert, silences: readonly Silence[], now: number): string | null {
  const silence = silences.find((each) => each.from <= now && now < each.until && matches(each, alert));
  return silence === undefined ? null : `silence ${silence.id}`;
}

function explainedBy(alert: Alert, all: readonly Alert[], inhibitions: readonly Inhibition[], now: number): string | null {
  for (const { cause, of = {}, hides, same, lingerMs = 0 } of inhibitions) {
    if (!hides.includes(alert.rule)) continue;
    const found = all.find((other) => other.rule === cause && has(other, of) && explains(other, now, lingerMs) && same.every(([its, own]) => alert.labels[own] !== undefined && other.labels[its] === alert.labels[own]));
    if (found !== undefined) return found.key;
  }
  return null;
}

function has({ labels }: Alert, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** A cause explains while it is open, and for a while after it was. */
function explains(cause: Alert, now: number, lingerMs: number): boolean {
  return isOpen(cause) || (cause.firedAt !== null && now - (cause.resolvedAt ?? 0) < lingerMs);
}

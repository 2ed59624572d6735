import type { RateStatus } from '../rate/rate-control.ts';
import type { GateState } from './gate.ts';

/** What a lane tells of itself, on `/status` and to the live view. */
export interface LaneStatus {
  readonly lane: string;
  readonly host: string;
  readonly state: 'starting' | 'running' | 'draining' | 'stopped';
  /** The gate before the destination, and the one before its failure and batch-metadata indices. */
  readonly gate: GateState;
  readonly books: GateState;
  readonly connected: boolean;
  readonly lastError: string | null;
  readonly partitions: number;
  readonly counts: { readonly records: number; readonly applied: number; readonly superseded: number; readonly rejected: number; readonly refused: number; readonly retried: number; readonly batches: number };
  readonly inFlightBatches: number;
  readonly heldBytes: number;
  readonly rate: RateStatus;
  /** Records behind the end of the source topics; null until first measured. */
  readonly lagRecords: number | null;
  /** Source record to settlement, of the newest operation of the last batch, seconds; null before the first. */
  readonly freshnessSeconds: number | null;
  /** Epoch ms of the last settled batch. */
  readonly lastSettledAt: number | null;
}

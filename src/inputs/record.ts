/** One record to be sent to a source topic. */
export interface InputRecord {
  readonly pipeline: string;
  readonly key: Buffer | null;
  readonly payload: Buffer;
  /** The record's own time, epoch ms; null where it tells none. */
  readonly timestamp: number | null;
}

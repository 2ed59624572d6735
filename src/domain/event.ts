/** What the source emitted, as bytes, with where it stood. */
export interface SourceEvent {
  readonly pipeline: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the source record was written, epoch ms. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly payload: Buffer | null;
  /** The payload as an object where it never was text, as a row of an extract: then a pipeline that can `read` it need not parse. */
  readonly object?: Readonly<Record<string, unknown>>;
}

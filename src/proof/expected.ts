/** A document as it must stand in each region, `origin` aside. */
export interface ExpectedDocument {
  readonly id: string;
  /** The version that Elasticsearch must show, epoch included. */
  readonly version: number;
  /** Every field, `deleted` included. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** What a pipeline's indices must hold, index by index, so that it never has to be in memory whole. */
export interface ExpectedDocuments {
  /** Base name of the indices: the pipeline's name. */
  readonly pipeline: string;
  /** Number of documents over all indices. */
  readonly total: number;
  /** What follows the base name, such as `2010.12`, in order. */
  readonly periods: readonly string[];
  documents(period: string): AsyncIterable<ExpectedDocument>;
}

export type SpanFacts = Readonly<Record<string, string | number>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: 'consumer' | 'producer' | 'client';
  /** `traceparent` of what it is a part of; null, or one that cannot be read, begins a trace of its own. */
  readonly parent: string | null;
  /** `traceparent`s of what it does work for beside its parent. */
  readonly links?: readonly string[];
  /** Epoch ms; now when absent. */
  readonly at?: number;
  readonly facts: SpanFacts;
}

/** A piece of work that is under way, of a trace that is kept. */
export interface Span {
  /** What the next part is told, as the value of the `traceparent` header. */
  readonly traceparent: string;
  /** Ends it now; `problem` says why it failed. */
  end(problem?: string | null): void;
}

/** Where spans go (an OpenTelemetry collector in production). There is none where tracing is off: nothing is asked for then. */
export interface Tracing {
  /** Null where the trace is not kept: as its parent says, else by chance. */
  start(span: SpanStart): Span | null;
  /** Sends what has ended; never rejects, spans are not worth failing for. */
  close(): Promise<void>;
}

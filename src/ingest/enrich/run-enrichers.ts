import type { AnyPipeline, Fields, Lookups } from '../../domain/pipeline.ts';
import type { Clock } from '../../ports/clock.ts';

/** The merged fields of all enrichers, or the first that failed. */
export type Enriched =
  | { readonly ok: true; readonly facts: Fields }
  | { readonly ok: false; readonly enricher: string; readonly error: unknown };

export interface EnrichContext {
  readonly lookups: Lookups;
  readonly clock: Clock;
  /** How long enrichers may wait for lookups, ms. */
  readonly timeoutMs: number;
  /** Grows with each event: how often enrichers ran and how long that took, waiting included. */
  readonly meter: EnrichMeter;
}

/** Plain numbers, because a metric call for each event would cost more than what it measures. */
export interface EnrichMeter {
  runs: number;
  ms: number;
}

interface Waiting {
  readonly enricher: string;
  readonly fields: Promise<Fields>;
}

const NO_FACTS: Enriched = { ok: true, facts: {} };

/** Runs every enricher; a promise comes back only where a lookup has to be waited for. Never throws or rejects. */
export function runEnrichers(pipeline: AnyPipeline, event: unknown, context: EnrichContext): Enriched | Promise<Enriched> {
  if (pipeline.enrichers.length === 0) return NO_FACTS;
  const started = context.clock.monotonic();
  const enriched = runAll(pipeline, event, context);
  if (enriched instanceof Promise) return enriched.finally(() => { measure(context, started); });
  measure(context, started);
  return enriched;
}

function measure({ clock, meter }: EnrichContext, started: number): void {
  meter.runs += 1;
  meter.ms += clock.monotonic() - started;
}

function runAll(pipeline: AnyPipeline, event: unknown, context: EnrichContext): Enriched | Promise<Enriched> {
  const facts: Record<string, unknown> = {};
  let waiting: Waiting[] | null = null;
  let failed: Enriched | null = null;
  for (const enricher of pipeline.enrichers) {
    try {
      const fields = enricher.enrich(event, context.lookups);
      if (fields instanceof Promise) (waiting ??= []).push({ enricher: enricher.name, fields });
      else Object.assign(facts, fields);
    } catch (error) {
      failed = { ok: false, enricher: enricher.name, error };
      break;
    }
  }
  if (waiting !== null) return failed === null ? waitFor(waiting, facts, context) : abandon(waiting, failed);
  return failed ?? { ok: true, facts };
}

/** The lookups still under way answer to nobody; a rejection of theirs must not end the process. */
function abandon(waiting: readonly Waiting[], failed: Enriched): Enriched {
  void Promise.allSettled(waiting.map(({ fields }) => fields));
  return failed;
}

async function waitFor(waiting: readonly Waiting[], facts: Record<string, unknown>, { clock, timeoutMs }: EnrichContext): Promise<Enriched> {
  const timer = new AbortController();
  const late = clock.sleep(timeoutMs, timer.signal).then(() => 'late' as const, () => 'stopped' as const);
  try {
    for (const { enricher, fields } of waiting) {
      const first = await Promise.race([settle(fields), late]);
      if (typeof first === 'string') return abandon(waiting, { ok: false, enricher, error: new Error(`it took longer than ${timeoutMs} ms`) });
      if (!first.ok) return abandon(waiting, { ok: false, enricher, error: first.error });
      Object.assign(facts, first.fields);
    }
    return { ok: true, facts };
  } finally {
    timer.abort();
  }
}

function settle(fields: Promise<Fields>): Promise<{ ok: true; fields: Fields } | { ok: false; error: unknown }> {
  return fields.then((value) => ({ ok: true as const, fields: value }), (error: unknown) => ({ ok: false as const, error }));
}

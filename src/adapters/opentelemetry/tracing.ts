import { diag, DiagLogLevel, ROOT_CONTEXT, type Span as OtelSpan, type Context, type SpanContext, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { messageOf } from '../../domain/errors.ts';
import type { Span, SpanStart, Tracing } from '../../ports/tracing.ts';

export interface TracingSettings {
  /** Where spans are posted (OTLP over HTTP, JSON), such as http://127.0.0.1:4318/v1/traces. */
  readonly endpoint: string;
  /** 0…1, of the events that come without a trace. */
  readonly sampleRatio: number;
  readonly service: string;
  readonly version: string;
  readonly host: string;
  /** A collector that is away holds up the end of a process no longer than this; default 3 s. */
  readonly exportTimeoutMs?: number;
}

const KINDS = { consumer: SpanKind.CONSUMER, producer: SpanKind.PRODUCER, client: SpanKind.CLIENT } as const;
/** Spans that wait to be sent; beyond it they are dropped, and the SDK says so. */
const MAX_WAITING = 2_048;
const SEND_EVERY_MS = 1_000;
const EXPORT_TIMEOUT_MS = 3_000;

/** Spans for an OpenTelemetry collector. `onProblem` is told what the SDK complains about: spans that were not taken. */
export function openTracing(settings: TracingSettings, onProblem: (problem: string) => void): Tracing {
  const ignore = (): void => undefined;
  diag.setLogger({ error: onProblem, warn: onProblem, info: ignore, debug: ignore, verbose: ignore }, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const timeoutMs = settings.exportTimeoutMs ?? EXPORT_TIMEOUT_MS;
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.sampleRatio) }),
    resource: resourceFromAttributes({ 'service.name': `sluice-${settings.service}`, 'service.version': settings.version, 'host.name': settings.host }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: settings.endpoint, timeoutMillis: timeoutMs }), maxQueueSize: MAX_WAITING, scheduledDelayMillis: SEND_EVERY_MS, exportTimeoutMillis: timeoutMs })],
  });
  const tracer = provider.getTracer('sluice', settings.version);
  return {
    start({ name, kind, parent, links, at, facts }: SpanStart): Span | null {
      const linked = (links ?? []).flatMap((link) => { const context = parseTraceParent(link); return context === null ? [] : [{ context }]; });
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: facts, links: linked, ...(at !== undefined && { startTime: at }) }, contextOf(parent));
      return span.isRecording() ? spanOf(span) : null;
    },
    close: () => provider.shutdown().catch((error: unknown) => onProblem(messageOf(error))),
  };
}

function contextOf(parent: string | null): Context {
  const remote = parent === null ? null : parseTraceParent(parent);
  return remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
}

function spanOf(span: OtelSpan): Span {
  return {
    traceparent: traceparentOf(span.spanContext()),
    end(problem) {
      if (problem != null) span.setStatus({ code: SpanStatusCode.ERROR, message: problem });
      span.end();
    },
  };
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
}

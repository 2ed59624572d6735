import type { HttpStub } from './http-stub.ts';

/** A span as a collector is given it. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly links: readonly string[];
  /** Why it failed; empty where it did not. */
  readonly problem: string;
  readonly service: string;
}

interface RawSpan { readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly links?: { spanId: string }[]; readonly status?: { message?: string } }
interface RawRequest { readonly resourceSpans: { resource: { attributes: { key: string; value: { stringValue: string } }[] }; scopeSpans: { spans: RawSpan[] }[] }[] }

/** Every span that was posted to the stub, which stands for a collector. */
export function spansOf(collector: HttpStub): SeenSpan[] {
  return collector.seen.flatMap(({ body }) => (JSON.parse(body) as RawRequest).resourceSpans).flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) => spans).map(({ traceId, spanId, parentSpanId = '', name, links = [], status }) => ({ traceId, spanId, parentSpanId, name, links: links.map((link) => link.spanId), problem: status?.message ?? '', service }));
  });
}

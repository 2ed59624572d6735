import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTracing } from '../../../src/adapters/opentelemetry/tracing.ts';
import type { SpanStart, Tracing } from '../../../src/ports/tracing.ts';
import { startHttpStub, type HttpStub } from '../../support/http-stub.ts';
import { spansOf } from '../../support/spans.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const KEPT = `00-${TRACE}-b7ad6b7169203331-01`;
const NOT_KEPT = `00-${TRACE}-b7ad6b7169203331-00`;

let collector: HttpStub;
let problems: string[];
beforeEach(async () => {
  collector = await startHttpStub();
  problems = [];
});
afterEach(() => collector.close());

function open(sampleRatio: number): Tracing {
  return openTracing({ endpoint: `${collector.url}/v1/traces`, sampleRatio, service: 'ingest', version: '1.2.3', host: 'h', exportTimeoutMs: 30_000 }, (problem) => problems.push(problem));
}

function span(parent: string | null, more: Partial<SpanStart> = {}): SpanStart {
  return { name: 'work', kind: 'consumer', parent, facts: { 'sluice.lane': 'west-west' }, ...more };
}

describe('whether a trace is kept', () => {
  it.each([['is begun by chance', 1, null, true], ['is left out by chance', 0, null, false], ['is kept as its parent says', 0, KEPT, true], ['is left out as its parent says', 1, NOT_KEPT, false], ['cannot be read: by chance', 1, 'rubbish', true]] as const)('%s', async (_, ratio, parent, kept) => {
    const tracing = open(ratio);
    expect(tracing.start(span(parent)) !== null).toBe(kept);
    await tracing.close();
  });
});

describe('spans', () => {
  it('are posted with their parents, links and problems, and hand their trace on', async () => {
    const tracing = open(0);
    const outer = tracing.start(span(KEPT));
    const inner = tracing.start(span(outer?.traceparent ?? '', { name: 'part', links: [KEPT, 'rubbish'] }));
    inner?.end('it broke');
    outer?.end();
    await tracing.close();
    const [part, work] = spansOf(collector);
    expect(work).toMatchObject({ traceId: TRACE, parentSpanId: 'b7ad6b7169203331', name: 'work', problem: '', service: 'sluice-ingest' });
    expect(part).toMatchObject({ traceId: TRACE, parentSpanId: work?.spanId, name: 'part', links: ['b7ad6b7169203331'], problem: 'it broke' });
    expect(outer?.traceparent).toBe(`00-${TRACE}-${work?.spanId}-01`);
    expect(problems).toEqual([]);
  });

  it('that a collector refuses are told of, and harm nobody', async () => {
    collector.answer(400);
    const tracing = open(1);
    tracing.start(span(null))?.end();
    await tracing.close();
    expect(problems.join()).toMatch(/400|Bad Request/i);
  });
});

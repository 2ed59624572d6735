import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sourceTopicOf } from '../../src/domain/pipeline.ts';
import { TRACE_HEADER } from '../../src/domain/trace-header.ts';
import { openSource } from '../../src/main/connections.ts';
import { startHttpStub, type HttpStub } from '../support/http-stub.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { startProcess, type SluiceProcess } from '../support/processes.ts';
import { spansOf, type SeenSpan } from '../support/spans.ts';
import { waitFor } from '../support/stack.ts';

const FIXTURES = fileURLToPath(new URL('../../pipelines/sold-items/fixtures/', import.meta.url));
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PRODUCER_SPAN = '00f067aa0ba902b7';
const SPANS = ['bulk', 'bulk', 'index west-east', 'index west-west', 'ingest sold-items', 'produce east', 'produce west'];

let site: Installation;
let collector: HttpStub;
let processes: SluiceProcess[] = [];
beforeAll(async () => {
  collector = await startHttpStub();
  site = await install({ tracing: { endpoint: `${collector.url}/v1/traces`, sampleRatio: 0 } });
  processes = await Promise.all([startProcess(site.configFile, ['ingest']), startProcess(site.configFile, ['process', '--lane', 'west-west', '--lane', 'west-east'])]);
});
afterAll(async () => {
  await Promise.all(processes.map((each) => each.end('SIGTERM')));
  await site?.remove();
  await collector?.close();
});

function eventOf(fixture: string): Buffer {
  return Buffer.from(JSON.stringify((JSON.parse(readFileSync(join(FIXTURES, fixture), 'utf8')) as { event: unknown }).event));
}

async function emit(fixture: string, headers: ReadonlyMap<string, Buffer>): Promise<void> {
  const producer = openSource(site.config, SILENT).producer({ compression: 'none', deliveryTimeoutMs: 30_000 });
  await producer.send([{ topic: sourceTopicOf(site.config.prefix, 'sold-items'), key: Buffer.from('k'), value: eventOf(fixture), headers }]);
  await producer.close();
}

it('an event that comes with a trace is followed through ingest, both regions, and the bulk request; others cost nothing', async () => {
  await emit('refunded.json', new Map());
  await emit('sold.json', new Map([[TRACE_HEADER, Buffer.from(`00-${TRACE}-${PRODUCER_SPAN}-01`)]]));
  const spans = await waitFor(() => {
    const seen = spansOf(collector);
    return seen.length >= SPANS.length && seen;
  }, { what: 'the spans of ingest and of both lanes' });
  const named = (name: string): SeenSpan => spans.find((span) => span.name === name) ?? expect.fail(`no span ${name} among ${spans.map((span) => span.name).join(', ')}`);
  expect(spans.map(({ name }) => name).toSorted()).toEqual(SPANS);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  expect(named('ingest sold-items').parentSpanId).toBe(PRODUCER_SPAN);
  for (const name of ['produce west', 'produce east', 'index west-west', 'index west-east']) expect(named(name).parentSpanId).toBe(named('ingest sold-items').spanId);
  const lanes = ['index west-west', 'index west-east'].map((name) => named(name).spanId);
  expect(spans.filter(({ name }) => name === 'bulk').map(({ parentSpanId }) => parentSpanId).toSorted()).toEqual(lanes.toSorted());
});

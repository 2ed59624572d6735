import { encodeEnvelope } from '../domain/envelope.ts';
import type { SourceEvent } from '../domain/event.ts';
import { HEARTBEATS_PIPELINE, HEARTBEATS_SCHEMA } from '../domain/system-names.ts';
import { beatOf } from '../heartbeat/beat.ts';
import { ingestRecord } from './document.ts';
import type { EventContext, Route } from './process-event.ts';
import type { EventEnd } from './record.ts';

/** Where a heartbeat stands after ingest: a record among the documents of its topic. Null where the payload is none. */
export function heartbeatEnd({ pipeline, regionalTopic }: Route, event: SourceEvent, payload: Buffer, { clock, host }: EventContext): EventEnd | null {
  const beat = beatOf(payload);
  if (beat === null) return null;
  const { emitter, partition, slot, emitted } = beat;
  const ingested = clock.now();
  const id = `${emitter}/${event.topic}/${partition}/${slot}`;
  const body = {
    '@timestamp': new Date(emitted).toISOString(), beat: id, emitter, pipeline: pipeline.name, topic: event.topic, partition, slot, ingest_host: host,
    times: { emitted, ingested }, deleted: false,
  };
  const envelope = encodeEnvelope({
    operation: 'index', schema: HEARTBEATS_SCHEMA, version: emitted, routingTime: emitted, sourceTime: event.timestamp, ingestTime: ingested,
    pipeline: HEARTBEATS_PIPELINE, id,
  });
  return { kind: 'written', record: ingestRecord({ topic: regionalTopic, key: event.key?.toString('utf8') ?? id, value: Buffer.from(JSON.stringify(body)), envelope, event, failure: false }) };
}

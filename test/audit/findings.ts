import { pino } from 'pino';
import { pipelines } from '../../pipelines/index.ts';
import { AuditLog } from '../../src/audit/audit-log.ts';
import type { AuditedIndex } from '../../src/audit/audit.ts';
import type { Finding } from '../../src/audit/finding.ts';
import type { Copy } from '../../src/audit/judge.ts';
import { configSchema } from '../../src/config/schema.ts';
import { contentOf } from '../../src/domain/content.ts';
import { documentBytes } from '../../src/domain/fingerprint.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { DocumentWriter } from '../../src/redrive/document-writer.ts';
import { createIndexKeeper } from '../../src/setup/ensure-indices.ts';
import type { MemorySearch } from '../support/memory-search.ts';

export const AUDITED: AuditedIndex = { pipeline: pipelines.find(({ name }) => name === 'sold-items')!, index: 't.sold-items-2026.11.02' };
export const CONTEXT = { prefix: 't.', run: 'run-1', host: 'h1' };
const ORIGIN = { role: 'audit', code: 'test', host_group: 'g' } as const;

/** A document that west has, and east lacks. */
export function missingInEast(id: string): Finding {
  const version = 5;
  const source = { ...JSON.parse(documentBytes('{"title":"lamp"}', { id, version, deleted: false }).toString()) as object, origin: { role: 'primary', code: 'c', host_group: 'g' } };
  const copy: Copy = { version, content: contentOf(source) };
  return { pipeline: 'sold-items', index: AUDITED.index, id, kind: 'missing', why: 'lost', reason: 'lost', copies: new Map([['west', copy], ['east', null]]), target: copy, regions: ['east'], home: null };
}

export function writersInto(searches: Readonly<Record<string, MemorySearch>>, clock: Clock): Map<string, DocumentWriter> {
  const settings = configSchema.shape.processor.parse({});
  return new Map(Object.entries(searches).map(([name, sink]) => [name, new DocumentWriter({ sink, indices: createIndexKeeper(sink), settings, origin: ORIGIN, clock, random: () => 0.5 })]));
}

export function auditLog(searches: Readonly<Record<string, MemorySearch>>, clock: Clock, everyMs: number | null = null): AuditLog {
  return new AuditLog({ writers: writersInto(searches, clock), context: CONTEXT, clock, log: pino({ level: 'silent' }), patienceMs: 100, everyMs });
}

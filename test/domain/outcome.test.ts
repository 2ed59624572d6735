import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyItem, classifyRequest } from '../../src/domain/outcome.ts';

const item = (status: number, type: string | null = null, operation: 'index' | 'delete' = 'index') => classifyItem({ operation, status, type });

describe('the outcome of one operation', () => {
  it.each([
    [200, null, 'index', 'applied'],
    [201, null, 'index', 'applied'],
    [404, null, 'delete', 'applied'],
    [409, 'version_conflict_engine_exception', 'index', 'superseded'],
    [400, 'document_parsing_exception', 'index', 'rejected'],
    [400, 'strict_dynamic_mapping_exception', 'index', 'rejected'],
    [400, 'illegal_argument_exception', 'index', 'rejected'],
    [429, 'es_rejected_execution_exception', 'index', 'retry'],
    [429, 'circuit_breaking_exception', 'index', 'retry'],
    [429, 'cluster_block_exception', 'index', 'retry'],
    [503, 'unavailable_shards_exception', 'index', 'retry'],
    [403, 'cluster_block_exception', 'index', 'hold'],
    [400, 'index_closed_exception', 'index', 'hold'],
    [404, 'index_not_found_exception', 'index', 'hold'],
    [404, 'index_not_found_exception', 'delete', 'hold'],
    [403, 'security_exception', 'index', 'hold'],
  ] as const)('%i %s of an %s is %s', (status, type, operation, outcome) => {
    expect(item(status, type, operation)).toEqual({ outcome, unknown: false });
  });

  it.each([[500, 'null_pointer_exception'], [404, null], [418, 'teapot'], [0, null]] as const)('%i %s is named by no rule: retried, with an alarm', (status, type) => {
    expect(item(status, type)).toEqual({ outcome: 'retry', unknown: true });
  });

  it('is total, and never drops what it does not know', () => {
    fc.assert(fc.property(fc.integer(), fc.option(fc.string()), fc.constantFrom<'index' | 'delete'>('index', 'delete'), (status, type, operation) => {
      const { outcome, unknown } = classifyItem({ operation, status, type });
      if (unknown) expect(outcome).toBe('retry');
      if (outcome === 'rejected') expect([400, 413]).toContain(status);
    }));
  });
});

describe('the outcome of a whole request', () => {
  it.each([[200, 'items'], [400, 'bisect'], [413, 'bisect-size'], [401, 'hold'], [403, 'hold'], [404, 'hold'], [429, 'retry'], [502, 'retry'], [503, 'retry'], [504, 'retry'], ['silent', 'retry']] as const)('%s → %s', (status, outcome) => {
    expect(classifyRequest(status)).toEqual({ outcome, unknown: false });
  });

  it('retries anything else, with an alarm', () => {
    expect(classifyRequest(500)).toEqual({ outcome: 'retry', unknown: true });
  });
});

import { Counter, Gauge, type Registry } from 'prom-client';
import type { LookupCounts } from './table.ts';

interface Counted {
  readonly name: string;
  readonly size: number;
  readonly counts: LookupCounts;
}

/** Shows lookups on the registry. They count in plain numbers, because a metric call for each event would cost more than the lookup. */
export function exposeLookups(lookups: readonly Counted[], registry: Registry): void {
  for (const [name, help, read] of [
    ['sluice_lookup_hits_total', 'lookups that found a value', ({ hits }: LookupCounts) => hits],
    ['sluice_lookup_misses_total', 'lookups that found none', ({ misses }: LookupCounts) => misses],
    ['sluice_lookup_refresh_failures_total', 'loads, refreshes and fetches that failed', ({ refreshFailures }: LookupCounts) => refreshFailures],
  ] as const) {
    new Counter({
      name, help, labelNames: ['lookup'], registers: [registry],
      collect() {
        this.reset();
        for (const lookup of lookups) this.inc({ lookup: lookup.name }, read(lookup.counts));
      },
    });
  }
  new Gauge({
    name: 'sluice_lookup_entries', help: 'values held in memory', labelNames: ['lookup'], registers: [registry],
    collect() {
      for (const lookup of lookups) this.set({ lookup: lookup.name }, lookup.size);
    },
  });
}

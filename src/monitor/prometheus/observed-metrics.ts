import { Gauge, type Registry } from 'prom-client';
import type { History } from '../observe/history.ts';
import type { Thresholds } from '../rules/thresholds.ts';
import { OBSERVED, samplesOf } from './samples.ts';

/** Lets Prometheus see the last look under `sluice_observed_*`: worked out when it asks, and what is gone is gone. */
export function exposeObserved(registry: Registry, history: () => History, { silentMs }: Pick<Thresholds, 'silentMs'>): void {
  const gauges = Object.entries(OBSERVED).map(([name, { help, labels }]) => new Gauge({ name: `sluice_observed_${name}`, help, labelNames: [...labels], registers: [registry] }));
  const byName = new Map(Object.keys(OBSERVED).map((name, at) => [name, gauges[at]]));
  const fill = (): void => {
    for (const gauge of gauges) gauge.reset();
    const seen = history();
    for (const { name, labels, value } of seen.length === 0 ? [] : samplesOf(seen, silentMs)) byName.get(name)?.set(labels, value);
  };
  // The first gauge that is collected fills them all.
  const [first] = gauges;
  if (first !== undefined) Object.assign(first, { collect: fill });
}

import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsSource } from './health-server.ts';
import { LOOP_RESOLUTION_MS } from './process-figures.ts';

/** An empty registry whose samples all carry the given labels (service, host, host_group, lane). */
export function createRegistry(labels: Readonly<Record<string, string>>): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  return registry;
}

/** As `createRegistry`, with the process's own metrics: event-loop delay (its percentiles and extremes have the time between two looks in them), memory, garbage collection, CPU, handles. */
export function processRegistry(labels: Readonly<Record<string, string>>): Registry {
  const registry = createRegistry(labels);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_RESOLUTION_MS });
  return registry;
}

/** Several registries as one page; the same metric of several lanes stands under one heading, told apart by its labels. */
export function combined(registries: readonly Registry[]): MetricsSource {
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    metrics: async () => AggregatorRegistry.aggregate(await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).metrics(),
  };
}

import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Alert } from './alerts/alert.ts';
import { countOpen } from './monitor.ts';

/** Every figure of a monitor, under `sluice_monitor_*`. */
export interface MonitorMetrics {
  readonly lookSeconds: Histogram;
  readonly broken: Counter<'rule'>;
  readonly refused: Counter;
  readonly fired: Counter<'rule'>;
  readonly sent: Counter<'channel' | 'result'>;
}

export function monitorMetrics(registry: Registry, read: { readonly active: () => boolean; readonly alerts: () => readonly Alert[]; readonly lastLook: () => number | null }): MonitorMetrics {
  const registers = [registry];
  new Gauge({ name: 'sluice_monitor_active', help: '1 while this monitor holds the lease and tells alerts', registers, collect() { this.set(read.active() ? 1 : 0); } });
  new Gauge({ name: 'sluice_monitor_last_look_seconds', help: 'When everything was looked at last, epoch seconds', registers, collect() { this.set((read.lastLook() ?? 0) / 1_000); } });
  new Gauge({
    name: 'sluice_monitor_alerts', help: 'Open alerts', labelNames: ['state', 'severity'], registers,
    collect() { for (const { state, severity, count } of countOpen(read.alerts())) this.set({ state, severity }, count); },
  });
  return {
    lookSeconds: new Histogram({ name: 'sluice_monitor_look_seconds', help: 'One look at everything, judgement and writing included', buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10], registers }),
    broken: new Counter({ name: 'sluice_monitor_broken_rules_total', help: 'Rules that threw: a bug, look at the log', labelNames: ['rule'], registers }),
    refused: new Counter({ name: 'sluice_monitor_refused_alerts_total', help: 'Alerts for which there was no room', registers }),
    fired: new Counter({ name: 'sluice_monitor_fired_total', help: 'Alerts that fired', labelNames: ['rule'], registers }),
    sent: new Counter({ name: 'sluice_monitor_messages_total', help: 'Messages to channels', labelNames: ['channel', 'result'], registers }),
  };
}

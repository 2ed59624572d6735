import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { lanesBetween, type Lane } from '../domain/lane.ts';
import { regionalTopicOf, sourceTopicOf } from '../domain/pipeline.ts';
import { FAILURES_PIPELINE } from '../domain/system-names.ts';
import { BEAT_STAGES } from '../indexing/heartbeats.ts';
import { isOpen, type Alert } from '../monitor/alerts/alert.ts';
import { Dispatcher } from '../monitor/alerts/dispatch.ts';
import { standingIndexOf } from '../monitor/alerts/document.ts';
import { AlertLedger } from '../monitor/alerts/ledger.ts';
import { Lease } from '../monitor/lease.ts';
import { monitorMetrics, type MonitorMetrics } from '../monitor/metrics.ts';
import { Monitor, type MonitorReport } from '../monitor/monitor.ts';
import { NoteFollower } from '../monitor/observe/notes.ts';
import { Observer } from '../monitor/observe/observer.ts';
import { RegionObserver } from '../monitor/observe/region.ts';
import { exposeObserved } from '../monitor/prometheus/observed-metrics.ts';
import { defaultRules } from '../monitor/rules/defaults.ts';
import { rulesIn } from '../monitor/rules/installation.ts';
import type { Rule } from '../monitor/rules/rule.ts';
import { createRegistry } from '../observability/metrics.ts';
import type { Clock } from '../ports/clock.ts';
import { stateTopicOf } from '../setup/ensure-topics.ts';
import { pipelineAlerts } from '../../pipelines/alerts.ts';
import { openAlertStores } from './alert-stores.ts';
import { certificatesOf } from './certificates.ts';
import { openChannels, runbookOf } from './channels.ts';
import { pipelinesOf } from './configured.ts';
import { openRegionLog, openSource } from './connections.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

const TIMEOUT_MS = 4_000;
const DRAIN_TIMEOUT_MS = 20_000;

/** Runs a monitor in this process until a signal; resolves with the exit code. */
export async function runMonitor(config: Config): Promise<number> {
  return runService(config, { name: 'monitor', drainTimeoutMs: DRAIN_TIMEOUT_MS, build: (context) => Promise.resolve([monitorComponent(context)]) });
}

/** The rules of an installation: those that hold for all, and those of its pipelines. */
export function rulesOf(config: Config): Rule[] {
  return rulesIn(config.prefix, [...defaultRules(config.monitor.thresholds), ...config.pipelines.flatMap((pipeline) => pipelineAlerts[pipeline] ?? [])]);
}

function monitorComponent({ config, clock, log, host, labels }: ServiceContext): Component {
  const registry = createRegistry(labels);
  const { stores, searches, keepers, close } = openAlertStores(config, clock);
  const index = standingIndexOf(config.prefix);
  const lease = new Lease({ regions: searches, index, ensure: async (region) => { keepers.get(region)?.forget([index]); await keepers.get(region)?.ensure([index]); }, holder: host, leaseMs: config.monitor.leaseMs, timeoutMs: TIMEOUT_MS, clock });
  const metrics = monitorMetrics(registry, { active: () => monitor.active, alerts: () => monitor.alerts, lastLook: () => monitor.lastLook });
  const monitor = new Monitor({
    clock, lease,
    observer: observerOf(config, log, clock, searches),
    ledger: new AlertLedger([...stores.values()], (region, problem) => log.warn({ region, problem }, 'alert index not reached')),
    dispatcher: new Dispatcher({
      channels: openChannels(config, log), installation: config.prefix, runbook: runbookOf(config), clock,
      onSent: (channel, result, problem) => { metrics.sent.inc({ channel, result }); if (problem !== null) log.warn({ channel, problem }, 'alerts not taken: told later'); },
    }),
    rules: rulesOf(config), intervalMs: config.monitor.intervalMs, report: reportTo(log, metrics),
  });
  exposeObserved(registry, () => monitor.history, config.monitor.thresholds);
  return {
    registry, close, run: (drain) => monitor.run(drain),
    health: {
      name: 'monitor',
      progress: () => ({ count: monitor.looks, hasWork: true }),
      notReady: () => (monitor.lastLook === null ? ['nothing was looked at yet'] : []),
      status: () => ({ active: monitor.active, holder: lease.holder, lastLook: monitor.lastLook, alerts: monitor.alerts.filter(isOpen) }),
    },
  };
}

function observerOf(config: Config, log: Logger, clock: Clock, searches: ReturnType<typeof openAlertStores>['searches']): Observer {
  const { prefix, pipelines } = config;
  const counted = pipelinesOf(config).map(({ name, index }) => ({ name, timeField: index.routedBy }));
  const lanes = lanesBetween(Object.keys(config.regions));
  const groupOf = (lane: Lane) => `${prefix}sluice.${lane.name}`;
  const topics = [...pipelines, FAILURES_PIPELINE].map((pipeline) => regionalTopicOf(prefix, pipeline));
  const regions = new Map([...searches].map(([region, search]) => {
    const kafka = openRegionLog(config, region, log);
    const groups = lanes.filter((lane) => lane.source === region).map(groupOf);
    return [region, new RegionObserver({ region, prefix, pipelines: counted, topics, groups, admin: kafka.admin(), notes: new NoteFollower(kafka, stateTopicOf(prefix)), search, clock, stages: BEAT_STAGES, everyMs: config.heartbeats.everyMs, freshnessMs: config.monitor.thresholds.freshnessMs })];
  }));
  return new Observer({
    lanes, regions, groupOf, clock, certificates: () => certificatesOf(config),
    heartbeats: { everyMs: config.heartbeats.everyMs, freshnessMs: config.monitor.thresholds.freshnessMs },
    source: openSource(config, log).admin(), sourceTopics: pipelines.map((pipeline) => sourceTopicOf(prefix, pipeline)),
    ingestGroupOf: (region) => `${prefix}sluice.ingest.${region}`,
  });
}

function reportTo(log: Logger, metrics: MonitorMetrics): MonitorReport {
  return {
    looked: (ms) => metrics.lookSeconds.observe(ms / 1_000),
    turned: (active, holder) => log.info({ holder }, active ? 'this monitor is active' : 'another monitor is active'),
    broke: (rule, error) => { metrics.broken.inc({ rule }); log.error({ rule, err: error }, 'a rule broke: a bug; its alerts stay as they are'); },
    refused: (count) => metrics.refused.inc(count),
    changed: (before, after) => tellChanges(before, after, log, metrics),
  };
}

function tellChanges(before: readonly Alert[], after: readonly Alert[], log: Logger, metrics: MonitorMetrics): void {
  const earlier = new Map(before.map((alert) => [alert.id, alert.state]));
  for (const { id, rule, key, state, what, hiddenBy, firedAt, closedBy } of after) {
    const passed = state === 'resolved' && firedAt === null && closedBy === null;
    if (state === 'pending' || passed || earlier.get(id) === state) continue;
    if (state === 'firing') metrics.fired.inc({ rule });
    log.info({ id, alert: key, state, hiddenBy }, what);
  }
}

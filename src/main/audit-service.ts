import { Counter, Gauge } from 'prom-client';
import type { AuditedIndex } from '../audit/audit.ts';
import { indicesOf } from '../audit/indices.ts';
import type { AuditReport } from '../audit/report.ts';
import { auditContinuously } from '../audit/run.ts';
import type { Pace } from '../audit/schedule.ts';
import type { Config } from '../config/schema.ts';
import { auditLine } from '../control/cli/audit-view.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { AUDIT } from '../monitor/rules/audits.ts';
import { tellState } from '../monitor/state-notes.ts';
import { createRegistry } from '../observability/metrics.ts';
import { measureProcess } from '../observability/process-figures.ts';
import { stateTopicOf } from '../setup/ensure-topics.ts';
import { openAudit, type AuditOptions } from './audit.ts';
import { codeVersion } from './code-version.ts';
import { openRegionLog } from './connections.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

export interface AuditService {
  readonly options: AuditOptions;
  readonly pipelines: readonly AnyPipeline[];
  readonly choose: (found: readonly AuditedIndex[]) => readonly AuditedIndex[];
  readonly pace: Pace;
  /** One object a round on standard output, instead of a sentence. */
  readonly json: boolean;
}

/** Audits until a signal; resolves with the exit code. */
export async function runAudit(config: Config, service: AuditService): Promise<number> {
  return runService(config, { name: 'audit', drainTimeoutMs: config.processor.drainTimeoutMs, build: async (context) => [auditComponent(service, context)] });
}

function auditComponent({ options, pipelines, choose, pace, json }: AuditService, context: ServiceContext): Component {
  const { config, clock, log, labels } = context;
  const registry = createRegistry(labels);
  const found = new Counter({ name: 'sluice_audit_differences_total', help: 'Differences between the regions by kind; those in flight are left out.', labelNames: ['kind'], registers: [registry] });
  const repaired = new Counter({ name: 'sluice_audit_repaired_total', help: 'Differences that were repaired.', registers: [registry] });
  const failed = new Counter({ name: 'sluice_audit_failed_indices_total', help: 'Indices that could not be audited.', registers: [registry] });
  const last = new Gauge({ name: 'sluice_audit_last_round_timestamp_seconds', help: 'When an index was last audited.', registers: [registry] });
  const { parts, close } = openAudit(config, { ...options, everyMs: Math.max(pace.recentEveryMs, pace.olderEveryMs) }, log);
  const status = { rounds: 0, index: null as string | null, report: null as AuditReport | null };
  const onReport = ({ index }: AuditedIndex, report: AuditReport): void => {
    Object.assign(status, { rounds: status.rounds + 1, index, report });
    for (const [kind, count] of Object.entries(report.byKind)) found.inc({ kind }, count);
    repaired.inc(report.repaired);
    failed.inc(report.problems.length);
    last.set(clock.now() / 1_000);
    process.stdout.write(`${json ? JSON.stringify({ index, at: new Date(clock.now()).toISOString(), ...report.toJSON() }) : auditLine(index, report)}\n`);
  };
  return {
    registry, close,
    health: { name: 'audit', progress: () => ({ count: status.rounds, hasWork: false }), notReady: () => [], status: () => status },
    run: (drain) => telling(context, () => auditContinuously({ ...parts, pace, list: async () => choose(await indicesOf(parts.regions.values(), config.prefix, pipelines)), onReport }, drain)),
  };
}

/** While it runs, its state is told to the monitors, in every region: an audit that is gone is missed. */
async function telling({ config, clock, log, host }: ServiceContext, run: () => Promise<void>): Promise<void> {
  const ended = new AbortController();
  const [startedAt, figures] = [clock.now(), measureProcess()];
  const told = Object.keys(config.regions).map((region) => tellState({
    log: openRegionLog(config, region, log), topic: stateTopicOf(config.prefix), clock, code: codeVersion(), startedAt, process: figures,
    read: () => [{ lane: AUDIT, host, state: ended.signal.aborted ? 'stopped' : 'running', reason: null }], onProblem: (problem) => log.debug({ problem }, 'state not told'),
  }, ended.signal));
  try {
    await run();
  } finally {
    ended.abort();
    await Promise.all(told);
  }
}

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import type { AuditParts, AuditSettings } from '../audit/audit.ts';
import { AuditLog } from '../audit/audit-log.ts';
import type { BorrowedRate } from '../rate/borrowed-rate.ts';
import { laneMarks } from '../audit/lane-marks.ts';
import type { LogContext } from '../audit/log-entry.ts';
import { Repair } from '../audit/repair.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import { regionalTopicOf } from '../domain/pipeline.ts';
import { replayHorizonMs } from '../domain/replay-horizon.ts';
import { DocumentWriter } from '../redrive/document-writer.ts';
import { createIndexKeeper } from '../setup/ensure-indices.ts';
import { openBorrowedRate } from './borrowed-rate.ts';
import { codeVersion } from './code-version.ts';
import { hostOf } from './configured.ts';
import { openRegionLog, openRegionSearch } from './connections.ts';

export interface AuditOptions extends Pick<AuditSettings, 'depth' | 'patienceMs'> {
  /** Null: look, change nothing. */
  readonly repairRate: number | null;
  /** Of an audit that goes on for ever: a round ends at least this often, ms. */
  readonly everyMs?: number;
  readonly pipelines: readonly string[];
}

/** Everything that an audit needs, connected lazily. */
export interface OpenAudit {
  readonly parts: AuditParts;
  close(): Promise<void>;
}

/** Throws USAGE where there is nothing to compare with. */
export function openAudit(config: Config, options: AuditOptions, log: Logger): OpenAudit {
  const names = Object.keys(config.regions);
  if (names.length < 2) throw new SluiceError('USAGE', 'an audit compares regions with each other: the configuration has only one');
  const regions = new Map(names.map((name) => [name, openRegionSearch(config, name)]));
  const admins = new Map(names.map((name) => [name, openRegionLog(config, name, log).admin()]));
  const lanes = laneMarks({ regions: admins, topics: options.pipelines.map((name) => regionalTopicOf(config.prefix, name)), groupOf: (lane) => `${config.prefix}sluice.${lane.name}`, clock: systemClock });
  const context: LogContext = { prefix: config.prefix, run: randomUUID(), host: hostOf(config) };
  const share = openBorrowedRate(config, regions, `audit-${context.run}`, log);
  const { patienceMs } = options;
  const parts: AuditParts = {
    prefix: config.prefix, regions, lanes, clock: systemClock, log,
    repair: options.repairRate === null ? null : new Repair({ writers: writersOf(config, regions, share), share, context, clock: systemClock, rate: options.repairRate, patienceMs }),
    book: new AuditLog({ writers: writersOf(config, regions, null), context, clock: systemClock, log, patienceMs, everyMs: options.everyMs ?? null }),
    settings: { depth: options.depth, patienceMs, purgeAgeMs: replayHorizonMs(config.topics.retentionHours), timeoutMs: config.elasticsearch.requestTimeoutMs },
  };
  const close = async () => {
    await share.close();
    await Promise.allSettled([...regions.values(), ...admins.values()].map((each) => each.close()));
  };
  return { parts, close };
}

/** Into every region; what a repair writes counts as that of a load, what is only noted down goes as a lane's own books do. */
function writersOf(config: Config, regions: AuditParts['regions'], share: BorrowedRate | null): Map<string, DocumentWriter> {
  const origin = { role: 'audit', code: codeVersion(), host_group: config.host.group } as const;
  return new Map([...regions].map(([name, search]) => {
    const paced = share === null ? {} : { pace: share.of(name).take };
    return [name, new DocumentWriter({ sink: search, indices: createIndexKeeper(search), settings: config.processor, origin, clock: systemClock, random: Math.random, ...paced })];
  }));
}

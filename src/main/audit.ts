import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import type { AuditParts, AuditSettings } from '../audit/audit.ts';
import { laneMarks } from '../audit/lane-marks.ts';
import { Repair } from '../audit/repair.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import { regionalTopicOf } from '../domain/pipeline.ts';
import { DocumentWriter } from '../redrive/document-writer.ts';
import { createIndexKeeper } from '../setup/ensure-indices.ts';
import { codeVersion } from './code-version.ts';
import { hostOf } from './configured.ts';
import { openRegionLog, openRegionSearch } from './connections.ts';

const HOUR_MS = 3_600_000;

export interface AuditOptions extends Pick<AuditSettings, 'depth' | 'patienceMs'> {
  /** Null: look, change nothing. */
  readonly repairRate: number | null;
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
  const parts: AuditParts = {
    prefix: config.prefix, regions, lanes, clock: systemClock, log,
    repair: options.repairRate === null ? null : repairOf(config, regions, options.repairRate, options.patienceMs),
    settings: { depth: options.depth, patienceMs: options.patienceMs, purgeAgeMs: config.topics.retentionHours * HOUR_MS, timeoutMs: config.elasticsearch.requestTimeoutMs },
  };
  const close = async () => void (await Promise.allSettled([...regions.values(), ...admins.values()].map((each) => each.close())));
  return { parts, close };
}

function repairOf(config: Config, regions: AuditParts['regions'], rate: number, patienceMs: number): Repair {
  const origin = { role: 'audit', code: codeVersion(), host_group: config.host.group } as const;
  const writers = new Map([...regions].map(([name, search]) => [name, new DocumentWriter({ sink: search, indices: createIndexKeeper(search), settings: config.processor, origin, clock: systemClock, random: Math.random })]));
  return new Repair({ writers, context: { prefix: config.prefix, run: randomUUID(), host: hostOf(config) }, clock: systemClock, rate, patienceMs });
}

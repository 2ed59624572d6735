import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Config } from '../config/schema.ts';
import type { TopicPartition } from '../domain/partition.ts';
import { sourceTopicOf } from '../domain/pipeline.ts';
import { emitHeartbeats, type EmitOptions } from '../heartbeat/emit.ts';
import { createRegistry } from '../observability/metrics.ts';
import type { Clock } from '../ports/clock.ts';
import { openSource } from './connections.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

const DRAIN_TIMEOUT_MS = 10_000;

export interface BeatOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly host: string;
  readonly registry: Registry;
  readonly owns: (partition: TopicPartition) => boolean;
  readonly onSent?: (count: number) => void;
}

/** Emits heartbeats into the source until aborted, as the configuration says. */
export async function beat(options: BeatOptions, signal: AbortSignal): Promise<void> {
  if (options.config.heartbeats.everyMs > 0) await emitHeartbeats(emitOptions(options), signal);
}

/** How heartbeats are emitted; counted in `sluice_heartbeats_emitted_total`. */
export function emitOptions({ config, log, clock, host, registry, owns, onSent }: BeatOptions): EmitOptions {
  const emitted = new Counter({ name: 'sluice_heartbeats_emitted_total', help: 'Heartbeats written into source partitions', registers: [registry] });
  const failed = new Counter({ name: 'sluice_heartbeats_refused_total', help: 'Rounds of heartbeats that the source did not take', registers: [registry] });
  return {
    log: openSource(config, log), topics: config.pipelines.map((pipeline) => sourceTopicOf(config.prefix, pipeline)),
    everyMs: config.heartbeats.everyMs, emitter: host, owns, clock,
    onSent: (count) => { emitted.inc(count); onSent?.(count); },
    onProblem: (problem) => { failed.inc(); log.warn({ problem }, 'heartbeats not taken by the source'); },
  };
}

/** Runs an injector in this process until a signal; resolves with the exit code. */
export async function runHeartbeat(config: Config): Promise<number> {
  return runService(config, { name: 'heartbeat', drainTimeoutMs: DRAIN_TIMEOUT_MS, build: (context) => Promise.resolve([injector(context)]) });
}

function injector({ config, clock, log, host, labels }: ServiceContext): Component {
  const registry = createRegistry(labels);
  let sent = 0;
  let rounds = 0;
  return {
    registry,
    run: (drain) => beat({ config, log, clock, host, registry, owns: () => true, onSent: (count) => { sent += count; rounds += 1; } }, drain),
    close: () => Promise.resolve(),
    health: { name: 'heartbeat', status: () => ({ sent }), progress: () => ({ count: rounds, hasWork: true }), notReady: () => (rounds > 0 ? [] : ['no heartbeat was taken yet']) },
  };
}

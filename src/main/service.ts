import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { systemClock } from '../adapters/system-clock.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../ports/clock.ts';
import type { Tracing } from '../ports/tracing.ts';
import { combined, processRegistry } from '../observability/metrics.ts';
import type { HealthPart } from '../observability/health.ts';
import { startHealthServer, type HealthServer, type HealthServerOptions } from '../observability/health-server.ts';
import { createLog } from '../observability/log.ts';
import { codeVersion } from './code-version.ts';
import { hostOf } from './configured.ts';
import { announce, watchForStop } from './process-signals.ts';

/** A long-running part of a process. */
export interface Component {
  readonly health: HealthPart;
  /** Its own metrics, labelled; the process's are added. */
  readonly registry: Registry;
  /** Answers requests of its own beside the health pages; false for all others. */
  readonly handle?: NonNullable<HealthServerOptions['handle']>;
  /** Runs until `drain` is aborted and all that was taken is settled; rejects when it cannot go on. */
  run(drain: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What every component of a process is built with. */
export interface ServiceContext {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent where tracing is off. */
  readonly tracing?: Tracing;
}

export interface ServiceOptions {
  readonly name: 'ingest' | 'processor' | 'api' | 'monitor' | 'heartbeat' | 'audit';
  /** Ends with exit code 1 when the drain takes longer, ms. */
  readonly drainTimeoutMs: number;
  readonly build: (context: ServiceContext) => Promise<readonly Component[]>;
}

/**
 * One process: build its components, serve their health, run them until a signal, drain, close. Resolves with the exit
 * code: 0 after a clean drain, 1 when a component failed or the drain took too long. A second signal ends it at once.
 */
export async function runService(config: Config, options: ServiceOptions): Promise<number> {
  const host = hostOf(config);
  const log = createLog({ level: config.log.level, service: options.name, host, hostGroup: config.host.group });
  const labels = { service: options.name, host, host_group: config.host.group };
  const stop = watchForStop(options.drainTimeoutMs, log);
  let components: readonly Component[] = [];
  let health: HealthServer | null = null;
  const tracing = await tracingOf(config, options.name, host, log);
  try {
    components = await options.build({ config, log, clock: systemClock, host, labels, ...(tracing && { tracing }) });
    health = await serveHealth(config, labels, components);
    stop.onDrain(() => health?.phase('draining'));
    log.info({ url: health.url, code: codeVersion(), parts: components.map((component) => component.health.name) }, 'running');
    announce(health.url);
    return await runAll(components, stop, log);
  } finally {
    await Promise.allSettled(components.map((component) => component.close()));
    await tracing?.close();
    await health?.close();
    stop.end();
    log.info('stopped');
  }
}

/** The SDK is loaded only where it is wanted. */
async function tracingOf({ tracing }: Config, service: string, host: string, log: Logger): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const { openTracing } = await import('../adapters/opentelemetry/tracing.ts');
  return openTracing({ ...tracing, service, host, version: codeVersion() }, (problem) => log.warn({ detail: problem }, 'spans not sent'));
}

async function serveHealth(config: Config, labels: Readonly<Record<string, string>>, components: readonly Component[]): Promise<HealthServer> {
  const server = await startHealthServer({
    host: config.http.host, port: config.http.port, stallMs: config.http.stallMs, clock: systemClock,
    metrics: combined([processRegistry(labels), ...components.map((component) => component.registry)]),
    about: { ...labels, code: codeVersion(), pid: process.pid },
    handle: (request, response) => components.some((component) => component.handle?.(request, response) === true),
  });
  for (const component of components) server.register(component.health);
  server.phase('running');
  return server;
}

/** A component that fails takes the process down, after the others have drained: the supervisor starts it afresh. */
async function runAll(components: readonly Component[], stop: ReturnType<typeof watchForStop>, log: Logger): Promise<number> {
  const results = await Promise.allSettled(components.map(async (component) => {
    try {
      await component.run(stop.signal);
    } catch (error) {
      log.fatal({ err: error, part: component.health.name }, 'failed');
      stop.drain(`${component.health.name} failed`);
      throw error;
    }
  }));
  return results.every((result) => result.status === 'fulfilled') && !stop.late ? 0 : 1;
}

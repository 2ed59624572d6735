import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import { lanesBetween } from '../domain/lane.ts';
import type { LaneStatus } from '../indexing/status.ts';
import { configured } from '../main/configured.ts';
import { openRegionSearch } from '../main/connections.ts';
import { runSetup } from '../main/setup.ts';
import { createLog } from '../observability/log.ts';
import type { Clock } from '../ports/clock.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { takeOwnership, type Ownership } from '../stack/ownership.ts';
import { startStack, type Stack } from '../stack/stack.ts';
import { startChild, type Child } from './children.ts';
import { removeRun } from './clean-up.ts';
import type { DemoOptions } from './options.ts';
import { runEnvironment, runPrefix, writeRunConfig } from './run-config.ts';
import { openScreen, type Screen } from './screen.ts';
import type { Moment } from './view.ts';
import { failureCounter, lanesAt, watch } from './watch.ts';

/** One run of the demonstration: what it started, what it knows, how it ends. */
export class Run {
  readonly options: DemoOptions;
  readonly clock: Clock = systemClock;
  readonly screen: Screen;
  readonly log: Logger;
  readonly #stop = new AbortController();
  #stack: Stack | null = null;
  #ownership: Ownership | null = null;
  #config: Config | null = null;
  #search: SearchCluster | null = null;
  #failures: (() => Promise<number | null>) | null = null;
  #configFile = '';
  #folder = '';
  readonly #children: Child[] = [];
  #closing = false;
  #phase = 'starting';
  readonly #lanes = new Map<string, readonly LaneStatus[]>();
  #watching: Promise<void> | null = null;
  readonly #unwatch = new AbortController();
  /** Events acknowledged by the source. */
  sent = 0;
  /** Events to be sent; null where there is no end. */
  total: number | null;
  /** Monotonic ms. */
  startedFeeding = 0;

  constructor(options: DemoOptions) {
    this.options = options;
    this.total = options.events;
    this.screen = openScreen(options.json ? process.stderr : process.stdout);
    this.log = createLog({ level: 'warn', service: 'demo', host: 'demo', hostGroup: 'demo' });
  }

  /** Aborted by Ctrl-C, or when something that must run has died; the reason says which. */
  get signal(): AbortSignal { return this.#stop.signal; }
  get config(): Config {
    if (this.#config === null) throw new SluiceError('BUG', 'the servers are not up yet');
    return this.#config;
  }

  /** Ends the run early; the first reason stands. */
  abort(reason: Error): void {
    if (!this.#closing) this.#stop.abort(reason);
  }

  /** A heading of what happens now. */
  phase(text: string): void {
    this.#phase = text;
    if (!this.screen.live || this.#watching === null) this.screen.say(`— ${text}`);
  }

  /** Real servers: those of `--config`, else four that are started here. */
  async bringUpServers(): Promise<void> {
    this.#folder = resolve('.sluice', 'run', `${process.pid}-${Date.now().toString(36)}`);
    if (this.options.config === null) await this.#startServers();
    else await this.#useGiven(this.options.config);
    this.#config = (await configured(this.#configFile, runEnvironment(process.env))).config;
    this.#search = openRegionSearch(this.#config, Object.keys(this.#config.regions)[0] ?? '');
    this.#failures = failureCounter(this.#search, this.#config.prefix);
    this.#sayAddresses();
  }

  async setUp(): Promise<void> {
    this.phase('creating topics, templates and indices');
    const report = await runSetup(this.config, this.log);
    if (report.ok) return;
    const problems = [report.source, ...Object.values(report.regions).flatMap((region) => [region.log, region.search])].flatMap((part) => (part.ok ? [] : [part.problem]));
    throw new SluiceError('STACK_FAILED', `the clusters could not be set up: ${problems.join('; ')}`);
  }

  /** Ingest and the four lanes, each an operating-system process of its own; one that dies ends the run. */
  async startProcesses(): Promise<void> {
    this.phase('starting ingest and the lanes');
    const lanes = lanesBetween(Object.keys(this.config.regions)).map((lane) => lane.name);
    const wanted = [['ingest', ['ingest']] as const, ...lanes.map((lane) => [lane, ['process', '--lane', lane]] as const)];
    await Promise.all(wanted.map(async ([name, args]) => {
      const child = await startChild(name, [...args, '--config', this.#configFile], this.#folder);
      this.#children.push(child);
      void child.ended.then((how) => this.abort(new SluiceError('STACK_FAILED', how)));
    }));
    this.signal.throwIfAborted();
    for (const child of this.#children) this.screen.say(`  ${child.name.padEnd(20)} ${child.url}/status`);
  }

  /** Shows what happens from now on, until the run is closed. */
  show(): void {
    this.#watching ??= watch(() => this.#look(), this.screen, this.clock, this.#unwatch.signal);
  }

  /** Operations that met a newer version, over all lanes. */
  async superseded(): Promise<number> {
    const { lanes } = await this.#look();
    return lanes.reduce((sum, lane) => sum + lane.counts.superseded, 0);
  }

  /** Drains and stops everything that this run started, and leaves nothing behind. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.hideView();
    if (this.#children.length > 0) this.screen.say('— draining');
    await this.#stopChildren((child) => child.name === 'ingest');
    await this.#stopChildren((child) => child.name !== 'ingest');
    if (this.options.config !== null && this.#config !== null) await removeRun(this.#config, this.log);
    await this.#search?.close();
    if (this.#stack !== null) this.screen.say('— stopping the servers');
    await this.#stack?.down();
    await this.#ownership?.release();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async hideView(): Promise<void> {
    this.#unwatch.abort();
    await this.#watching;
    this.screen.end();
  }

  async #startServers(): Promise<void> {
    this.phase('starting two Kafka and two Elasticsearch');
    this.#stack = await startStack({
      folder: this.#folder,
      signal: this.signal,
      onProgress: ({ server, text }) => this.screen.say(`  ${server ?? 'stack'}: ${text}`),
    });
    this.#stack.onExit(({ name, log }) => this.abort(new SluiceError('STACK_FAILED', `the server ${name} died; its last lines:\n${log}`)));
    const { regions, source } = this.#stack.endpoints;
    this.#configFile = writeRunConfig(this.#folder, { regions, source: { kafka: source } });
  }

  async #useGiven(file: string): Promise<void> {
    const { config } = await configured(file);
    // The folder is swept when this process dies, in whatever way.
    this.#ownership = await takeOwnership(this.#folder);
    this.#configFile = writeRunConfig(this.#folder, { ...config, prefix: runPrefix() });
  }

  async #stopChildren(which: (child: Child) => boolean): Promise<void> {
    const grace = this.#config === null ? 0 : Math.max(this.config.ingest.drainTimeoutMs, this.config.processor.drainTimeoutMs) + 2_000;
    await Promise.all(this.#children.filter(which).map(async (child) => {
      const clean = await child.stop(grace);
      const how = await child.ended;
      if (!clean && !this.#isKnown(how)) this.screen.say(`  ${how}`);
    }));
  }

  /** Whether that is what the run ended for, and so will be told at the end. */
  #isKnown(how: string): boolean {
    return this.signal.reason instanceof Error && this.signal.reason.message === how;
  }

  async #look(): Promise<Moment> {
    const lanes = this.#children.filter((child) => child.name !== 'ingest').sort((a, b) => a.name.localeCompare(b.name));
    await Promise.all(lanes.map(async (child) => this.#lanes.set(child.name, await lanesAt(child.url, this.#lanes.get(child.name) ?? []))));
    return {
      at: this.clock.now(), phase: this.#phase, sent: this.sent, total: this.total,
      lanes: lanes.flatMap((child) => this.#lanes.get(child.name) ?? []),
      failures: await this.#failures?.() ?? null,
      servers: this.#stack?.servers ?? [],
      processes: this.#children.map(({ name }) => ({ name, state: 'running' })),
    };
  }

  #sayAddresses(): void {
    const { source, regions, prefix, pipelines } = this.config;
    this.screen.say(`  source               ${source.kafka.brokers.join(',')}`);
    for (const [name, { kafka, elasticsearch }] of Object.entries(regions)) {
      this.screen.say(`  Kafka ${name.padEnd(14)} ${kafka.brokers.join(',')}`);
      this.screen.say(`  search ${name.padEnd(13)} ${elasticsearch.nodes[0]}/${prefix}${pipelines[0]}/_search`);
    }
    this.screen.say(`  logs                 ${this.#folder}/logs`);
  }
}

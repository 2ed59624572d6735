import { SluiceError, messageOf } from '../domain/errors.ts';
import { regionalTopicOf } from '../domain/pipeline.ts';
import { Settlement } from '../domain/settlement.ts';
import { FAILURES_INDEX, FAILURES_PIPELINE } from '../domain/system-names.ts';
import type { PollOptions, RecordBlock, RecordConsumer, RecordLogAdmin, TopicPartition } from '../ports/record-log.ts';
import type { Batch, Received } from './batch.ts';
import type { Batcher } from './batcher.ts';
import { Books } from './books.ts';
import type { Reply } from './bulk-reply.ts';
import { deliver, type Delivery, type DeliverTools, type Sent } from './deliver.ts';
import { ensureThrough, recreate } from './ensure.ts';
import { failuresOf, type FailureContext } from './failures.ts';
import type { Gate } from './gate.ts';
import { unlessAborted } from './interrupt.ts';
import { Inflow } from './inflow.ts';
import { measureLag } from './lag.ts';
import { laneBatcher } from './lane-batcher.ts';
import { LaneReport } from './lane-report.ts';
import { laneGate, laneTools } from './lane-tools.ts';
import { LaneTracing } from './lane-tracing.ts';
import { batchRecord } from './ledger.ts';
import { patienceOf } from './patience.ts';
import type { ProcessorParts } from './processor.ts';
import { Slots } from './slots.ts';
import type { LaneStatus } from './status.ts';

/** Less than this is not worth a fetch, bytes. */
const MIN_FETCH_BYTES = 64 * 1024;
/** How often the lag is measured, ms. */
const LAG_INTERVAL_MS = 2_000;

/** The machinery behind the map: each method is one of its verbs. */
export class Works {
  readonly #parts: ProcessorParts;
  readonly #report: LaneReport;
  readonly #group: string;
  readonly #topics: string[];
  readonly #pipelineOf: (topic: string) => string;
  readonly #settlement = new Settlement();
  readonly #slots: Slots;
  readonly #batcher: Batcher;
  readonly #consumer: RecordConsumer;
  readonly #admin: RecordLogAdmin;
  readonly #tools: DeliverTools;
  readonly #books: Books;
  readonly #booksGate: Gate;
  readonly #failureContext: FailureContext;
  readonly #tracing: LaneTracing | null;
  /** Ends the side work (commits, lag) once everything is settled. */
  readonly #stop = new AbortController();
  /** Ends everything at once: the drain took too long, or something broke. */
  readonly #abort = new AbortController();
  readonly #inFlight = new Map<Batch, { closed: number; sent: number; delivered: number }>();
  readonly #onSettled: (() => void)[] = [];
  /** Partitions of all hosts of the lane; null before they are known. */
  #partitions: number | null = null;
  readonly #inflow = new Inflow();
  #keeping: Promise<void> = Promise.resolve();
  #state: LaneStatus['state'] = 'starting';
  #failure: unknown = null;

  constructor(parts: ProcessorParts) {
    const { lane, prefix, settings, clock, source, host, hostGroup, origin } = parts;
    const names = [...parts.pipelines.map((pipeline) => pipeline.name), FAILURES_PIPELINE];
    const pipelines = new Map(names.map((name) => [regionalTopicOf(prefix, name), name]));
    this.#parts = parts;
    this.#report = new LaneReport(parts.registry, parts.log, clock);
    this.#topics = [...pipelines.keys()];
    this.#pipelineOf = parts.pipelineOf ?? ((topic) => pipelines.get(topic) ?? topic);
    this.#group = `${prefix}sluice.${lane.name}`;
    this.#tracing = parts.tracing === undefined ? null : new LaneTracing(parts.tracing, lane.name);
    this.#slots = new Slots(parts.rate.limits().inFlight);
    this.#consumer = source.consumer({ group: this.#group, topics: this.#topics, from: 'earliest', sessionTimeoutMs: settings.sessionTimeoutMs });
    this.#admin = source.admin();
    this.#batcher = laneBatcher(parts, this.#pipelineOf, this.#settlement);
    this.#tools = laneTools(parts, this.#report, 'outcome', laneGate(parts, this.#report, 'destination'));
    this.#booksGate = laneGate(parts, this.#report, 'books');
    this.#failureContext = { prefix, cluster: lane.source, lane: lane.name, host, origin, pipelineOf: this.#pipelineOf, now: () => clock.now() };
    this.#books = new Books({
      consumer: this.#consumer, settlement: this.#settlement, tools: laneTools(parts, this.#report, 'hold', this.#booksGate), indices: parts.indices, clock,
      intervalMs: settings.commitIntervalMs,
      ledger: { prefix, lane: lane.name, cluster: lane.source, destination: lane.destination, host, hostGroup, origin },
      onCommit: (result, message) => this.#report.committed(result, message),
    });
  }

  get failed(): boolean { return this.#failure !== null; }

  /** Joins the group; from now on an aborted `drain` gives everything `drainTimeoutMs` to end. */
  async join(drain: AbortSignal): Promise<void> {
    drain.addEventListener('abort', () => this.#limitDrain(), { once: true });
    const joining = this.#consumer.start({
      assigned: (partitions) => this.#assigned(partitions),
      revoked: (partitions) => this.#revoked(partitions),
      handOver: () => this.#handOver(),
    });
    await unlessAborted(joining, drain);
    this.#state = 'running';
    this.watch(this.#watchLag());
    this.#keeping = this.guard(this.#books.keep(this.#stop.signal, this.#abort.signal));
  }

  /** The next blocks; waits no longer than the open batch may. */
  async consume(drain: AbortSignal): Promise<Received[]> {
    await this.#roomToFetch(drain);
    const patience = patienceOf({ gatherMs: this.#batcher.gatherMs(), placeFree: this.#slots.anyFree, batchAgeMs: this.#parts.settings.batchAgeMs, open: this.#batcher.dueIn() !== null });
    const received = await unlessAborted(this.#poll(patience), drain);
    if (received === null || drain.aborted) return [];
    for (const { block } of received) this.#report.consumed(block.count, block.bytes);
    return received;
  }

  batch(received: Received): Iterable<Batch> {
    return this.#batcher.add(received);
  }

  /** The open batch, when it is old enough and there is room for it in flight. */
  due(): Batch | null {
    return this.#slots.anyFree && this.#batcher.dueIn() === 0 ? this.#batcher.take() : null;
  }

  async enter(batch: Batch): Promise<void> {
    const closed = this.#parts.clock.monotonic();
    await this.#books.room(this.#abort.signal);
    await this.#slots.take(this.#abort.signal);
    this.#inFlight.set(batch, { closed, sent: this.#parts.clock.monotonic(), delivered: 0 });
    this.#report.holding(this.#slots.taken, this.#heldBytes());
  }

  async ensureIndices(batch: Batch): Promise<void> {
    await ensureThrough(this.#tools.gate, this.#parts.indices, batch.indices, this.#abort.signal);
  }

  async bulk(batch: Batch): Promise<Delivery> {
    const traceparent = this.#tracing?.sending(batch);
    const delivery = await deliver(batch, { ...this.#tools, ...(traceparent !== undefined && { traceparent }), recover: () => recreate(this.#parts.indices, batch.indices), onReply: (reply, sent) => this.#answered(reply, sent, batch) }, this.#abort.signal);
    this.#tracing?.delivered(batch);
    const moments = this.#inFlight.get(batch);
    if (moments !== undefined) moments.delivered = this.#parts.clock.monotonic();
    return delivery;
  }

  /** Every refused or rejected record gets its failure document before anything settles. */
  async writeFailures(batch: Batch, delivery: Delivery): Promise<void> {
    await this.#books.write(failuresOf(batch, delivery, this.#failureContext), this.#abort.signal);
    this.#report.failuresWritten(batch, delivery, `${this.#parts.prefix}${FAILURES_INDEX}`);
  }

  /** From here on the batch's offsets may be committed, as far as everything before them is settled, too. */
  settle(batch: Batch, delivery: Delivery): void {
    const moments = this.#inFlight.get(batch) ?? { closed: 0, sent: 0, delivered: 0 };
    const settled = this.#parts.clock.monotonic();
    for (const ticket of batch.tickets) this.#settlement.settle(ticket);
    if (batch.count + batch.refusals.length > 0) this.#books.add(batchRecord(batch, delivery, { ...moments, settled }, { origin: this.#parts.origin, pipelineOf: this.#pipelineOf }));
    this.#report.settled(batch, delivery, settled - batch.openedTick);
    this.#tracing?.settled(batch);
    this.#inFlight.delete(batch);
    this.#batcher.recycle(batch);
    this.#slots.give();
    for (const wake of this.#onSettled.splice(0)) wake();
    this.#report.holding(this.#slots.taken, this.#heldBytes());
  }

  /** Watches work that nobody awaits: what breaks in it ends the lane, and `leave` rejects with it. */
  watch(work: Promise<void>): void {
    void this.guard(work);
  }

  /** Sends what is open, waits for what is in flight (no longer than the drain may take), commits. */
  async drain(send: (last: Batch) => Promise<void>): Promise<void> {
    this.#state = 'draining';
    const last = this.#batcher.take();
    if (last !== null && !this.failed) await this.guard(send(last));
    await this.#slots.none(this.#abort.signal);
    this.#stop.abort(new Error('drained'));
    await this.#keeping;
    if (!this.#abort.signal.aborted) await this.guard(this.#books.commit(this.#abort.signal));
    this.#abort.abort(new Error('drained'));
  }

  /** Leaves the group; rejects with what broke the lane, if anything did. */
  async leave(): Promise<void> {
    if (this.#inFlight.size > 0) this.#parts.log.warn({ batches: this.#inFlight.size }, 'stopped with batches in flight: nothing of them is committed, they will be read again');
    await this.#consumer.close();
    await this.#admin.close();
    this.#state = 'stopped';
    if (this.#failure !== null) throw this.#failure as Error;
  }

  /** Resolves when the work ends; what breaks in it ends the lane, being told to stop does not. */
  async guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (error === this.#abort.signal.reason || error === this.#stop.signal.reason) return;
      this.#failure ??= error;
      this.#parts.log.error({ err: error }, 'the lane broke and stops; nothing unsettled is committed');
      this.#abort.abort(error);
    }
  }

  status(): LaneStatus {
    const { connected, lastError, assigned } = this.#consumer.health();
    const { lane, host } = this.#parts;
    return {
      lane: lane.name, host, state: this.#state, gate: this.#tools.gate.state, books: this.#booksGate.state,
      connected, lastError, partitions: assigned.length, inFlightBatches: this.#slots.taken, heldBytes: this.#heldBytes(), rate: this.#parts.rate.status(), ...this.#report.figures(),
    };
  }

  /** What may be fetched now within the byte budget; a block that waits for a place in a batch counts as fetched. */
  #fetchable(): number {
    const { budgetBytes, fetchBytes } = this.#parts.settings;
    return Math.min(fetchBytes, Math.max(0, budgetBytes - this.#heldBytes()));
  }

  /** While the budget is spent, nothing is fetched until a batch is settled. */
  async #roomToFetch(drain: AbortSignal): Promise<void> {
    while (this.#fetchable() < MIN_FETCH_BYTES && this.#inFlight.size > 0 && !drain.aborted && !this.#abort.signal.aborted) {
      await unlessAborted(new Promise<void>((resolve) => this.#onSettled.push(resolve)), AbortSignal.any([drain, this.#abort.signal]));
    }
  }

  /** Records that cannot be read stop their partition, not the lane: the others go on, and it is told. */
  async #poll(patience: Pick<PollOptions, 'maxWaitMs' | 'minBytes'>): Promise<Received[]> {
    try {
      const blocks = await this.#consumer.poll({ maxBytes: Math.max(MIN_FETCH_BYTES, this.#fetchable()), ...patience });
      return blocks.flatMap((block) => this.#received(block));
    } catch (error) {
      if (!(error instanceof SluiceError) || !error.code.startsWith('KAFKA_')) throw error;
      this.#report.unreadable(error.code, messageOf(error));
      await this.#parts.clock.sleep(patience.maxWaitMs);
      return [];
    }
  }

  /** Notes now which assignment a block belongs to: when its turn comes, there may be another. */
  #received(block: RecordBlock): Received[] {
    const assignment = this.#settlement.assignmentOf(block);
    return assignment === null ? [] : [{ block, assignment }];
  }

  /** A batch that was full tells how much the cluster takes; one that was only due tells how much there was. */
  #answered(reply: Reply, sent: Sent, batch: Batch): void {
    this.#report.replied(reply, sent);
    this.#parts.rate.observe({ ...sent, refused: reply.overload, limited: batch.closedBy === 'full' });
    this.#slots.resize(this.#parts.rate.limits().inFlight);
  }

  #assigned(partitions: readonly TopicPartition[]): void {
    this.#settlement.assign(partitions);
    this.#report.assigned(partitions.length);
    this.#share();
  }

  #revoked(partitions: readonly TopicPartition[]): void {
    this.#settlement.revoke(partitions);
    this.#share();
  }

  async #handOver(): Promise<void> {
    await this.guard(this.#books.commit(this.#abort.signal));
    this.watch(this.#books.commitOften(this.#abort.signal));
  }

  #share(): void {
    if (this.#partitions !== null) this.#parts.rate.own(this.#settlement.positions().size, this.#partitions);
  }

  #limitDrain(): void {
    const timer = setTimeout(() => this.#abort.abort(new Error('the drain took too long')), this.#parts.settings.drainTimeoutMs);
    timer.unref();
  }

  #heldBytes(): number {
    let bytes = this.#batcher.openBytes;
    for (const batch of this.#inFlight.keys()) bytes += batch.heldBytes;
    return bytes;
  }

  async #watchLag(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const measured = await measureLag(this.#admin, this.#group, this.#topics, () => this.#settlement.positions());
      if ('lags' in measured) {
        this.#report.lagging(measured.lags);
        this.#partitions = measured.partitions;
        this.#share();
        this.#parts.rate.arriving(this.#inflow.observe(measured.lags, this.#parts.clock.monotonic()));
      } else this.#parts.log.debug({ reason: measured.error }, 'lag not measured');
      this.#report.pacing(this.#parts.rate.status());
      await this.#parts.clock.sleep(LAG_INTERVAL_MS, this.#stop.signal);
    }
  }
}

export function assemble(parts: ProcessorParts): Works {
  return new Works(parts);
}

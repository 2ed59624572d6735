import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heads } from '../../src/ingest/heads.ts';
import { startOf } from '../../src/ingest/positions.ts';
import { RegionState } from '../../src/ingest/region-state.ts';

const TOPIC = 'events';
const PARTITIONS = [0, 1];
const LOG_END = 60;

interface Piece { readonly topic: string; readonly partition: number; readonly assignment: number; readonly from: number; readonly next: number; readonly lastTime: null }

/** Two regions fed by the real bookkeeping, with everything around it played by the test: queues, servers, commits. */
class World {
  readonly names = ['west', 'east'];
  /** What each region's Kafka has acknowledged, and what is committed: these outlive restarts. */
  readonly produced = new Map(this.names.map((name) => [name, PARTITIONS.map(() => new Set<number>())]));
  readonly committed = new Map(this.names.map((name) => [name, PARTITIONS.map((): number | null => null)]));
  heads = new Heads();
  states = this.#fresh();
  queues = new Map(this.names.map((name) => [name, [] as { piece: Piece; session: number }[]]));

  #fresh(): Map<string, RegionState> { return new Map(this.names.map((name) => [name, new RegionState(this.heads)])); }

  restart(): void {
    this.heads = new Heads();
    this.states = this.#fresh();
    for (const queue of this.queues.values()) queue.splice(0);
    for (const partition of PARTITIONS) this.assign(partition);
  }

  assign(partition: number): void {
    if (this.heads.get({ topic: TOPIC, partition }) !== undefined) return;
    const stored = new Map(this.names.map((name) => [name, this.committed.get(name)?.[partition] ?? null]));
    const start = startOf({ topic: TOPIC, partition }, { topic: TOPIC, partition, earliest: 0, latest: LOG_END }, stored);
    const assignment = this.heads.nextAssignment();
    this.heads.place({ topic: TOPIC, partition, offset: start.head, assignment });
    for (const [name, state] of this.states) state.assign({ topic: TOPIC, partition, offset: start.regions.get(name) ?? 0, assignment });
  }

  revoke(partition: number): void {
    this.heads.forget({ topic: TOPIC, partition });
    for (const state of this.states.values()) state.revoke({ topic: TOPIC, partition });
  }

  readShared(partition: number, size: number): void {
    const head = this.heads.get({ topic: TOPIC, partition });
    if (head === undefined || head.offset >= LOG_END) return;
    const piece = { topic: TOPIC, partition, assignment: head.assignment, from: head.offset, next: Math.min(LOG_END, head.offset + size), lastTime: null };
    const takers = this.names.filter((name) => this.state(name).takesFromHead(piece));
    if (takers.length === 0 || !this.heads.advance(piece)) return;
    for (const name of takers) this.#queue(name, piece);
  }

  catchUp(name: string, size: number): void {
    const state = this.state(name);
    for (const { topic, partition, next, assignment } of state.behind()) {
      const until = Math.min(state.goal({ topic, partition }) ?? 0, next + size);
      this.#queue(name, { topic, partition, assignment, from: next, next: until, lastTime: null });
    }
  }

  acknowledge(name: string): void {
    const first = this.queues.get(name)?.shift();
    if (first === undefined) return;
    for (let offset = first.piece.from; offset < first.piece.next; offset++) this.produced.get(name)?.[first.piece.partition]?.add(offset);
    if (this.state(name).settle(first.piece, first.session)) this.state(name).answered();
  }

  /** The send fails; with `late`, what was in flight is acknowledged in the end, too late to count. */
  fail(name: string, late: boolean): void {
    const queue = this.queues.get(name) ?? [];
    const inFlight = queue.splice(0)[0];
    this.state(name).cut();
    if (late && inFlight !== undefined) queue.push(inFlight);
  }

  commit(name: string): void {
    for (const { partition, offset } of this.state(name).settledPositions()) (this.committed.get(name) ?? [])[partition] = offset;
  }

  state(name: string): RegionState { return this.states.get(name) as RegionState; }

  #queue(name: string, piece: Piece): void {
    if (this.state(name).queue(piece)) this.queues.get(name)?.push({ piece, session: this.state(name).session });
  }

  check(): void {
    for (const name of this.names) {
      for (const partition of PARTITIONS) {
        const produced = this.produced.get(name)?.[partition] as Set<number>;
        for (let offset = 0; offset < (this.committed.get(name)?.[partition] ?? 0); offset++) expect(produced.has(offset)).toBe(true);
        const head = this.heads.get({ topic: TOPIC, partition })?.offset ?? LOG_END;
        const position = this.state(name).position({ topic: TOPIC, partition });
        expect((position?.settled ?? 0) <= (position?.next ?? 0) && (position?.next ?? 0) <= head).toBe(true);
      }
    }
  }

  heal(): void {
    for (const partition of PARTITIONS) this.assign(partition);
    for (let round = 0; round < 20 * LOG_END; round++) {
      for (const name of this.names) {
        if (this.state(name).behind().length === 0 && this.queues.get(name)?.length === 0) this.state(name).answered();
        this.catchUp(name, 7);
        this.acknowledge(name);
      }
      for (const partition of PARTITIONS) this.readShared(partition, 7);
    }
    for (const name of this.names) this.commit(name);
  }
}

const region = fc.constantFrom('west', 'east');
const partition = fc.constantFrom(...PARTITIONS);
const size = fc.integer({ min: 1, max: 9 });
type Act = (world: World) => void;
const act: fc.Arbitrary<{ name: string; act: Act }> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(partition, size).map(([at, count]) => ({ name: `read ${at} ${count}`, act: (world: World) => { world.readShared(at, count); } })) },
  { weight: 6, arbitrary: region.map((name) => ({ name: `ack ${name}`, act: (world: World) => { world.acknowledge(name); } })) },
  { weight: 4, arbitrary: fc.tuple(region, size).map(([name, count]) => ({ name: `catch up ${name} ${count}`, act: (world: World) => { world.catchUp(name, count); } })) },
  { weight: 2, arbitrary: fc.tuple(region, fc.boolean()).map(([name, late]) => ({ name: `fail ${name} ${late}`, act: (world: World) => { world.fail(name, late); } })) },
  { weight: 3, arbitrary: region.map((name) => ({ name: `commit ${name}`, act: (world: World) => { world.commit(name); } })) },
  { weight: 1, arbitrary: partition.map((at) => ({ name: `revoke ${at}`, act: (world: World) => { world.revoke(at); } })) },
  { weight: 1, arbitrary: partition.map((at) => ({ name: `assign ${at}`, act: (world: World) => { world.assign(at); } })) },
  { weight: 1, arbitrary: fc.constant({ name: 'restart', act: (world: World) => { world.restart(); } }) },
);

describe('the state of a region', () => {
  it('any interleaving of reads, results, outages, rebalances and restarts produces everything to each region, and commits nothing early', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
      const world = new World();
      world.restart();
      for (const each of acts) {
        each.act(world);
        world.check();
      }
      world.heal();
      world.check();
      for (const name of world.names) {
        expect(world.state(name).mode).toBe('joined');
        expect(world.committed.get(name)).toEqual([LOG_END, LOG_END]);
        for (const at of PARTITIONS) expect(world.produced.get(name)?.[at]?.size).toBe(LOG_END);
      }
    }), { numRuns: 300 });
  });

  it('goes from joined to cut to catching-up to joined', () => {
    const heads = new Heads();
    const state = new RegionState(heads);
    const place = (offset: number): void => { heads.place({ topic: TOPIC, partition: 0, offset, assignment: 1 }); };
    const piece = (from: number, next: number): Piece => ({ topic: TOPIC, partition: 0, assignment: 1, from, next, lastTime: null });
    place(0);
    state.assign({ topic: TOPIC, partition: 0, offset: 0, assignment: 1 });
    expect(state.mode).toBe('joined');
    state.queue(piece(0, 10));
    state.cut();
    place(20);
    expect([state.mode, state.takesFromHead(piece(20, 30)), state.behind()[0]?.next]).toEqual(['cut', false, 0]);
    state.answered();
    expect(state.mode).toBe('catching-up');
    state.queue(piece(0, 20));
    expect([state.mode, state.takesFromHead(piece(20, 30))]).toEqual(['joined', true]);
  });

  it('does not count results of an older session or assignment, or out of turn', () => {
    const heads = new Heads();
    const state = new RegionState(heads);
    heads.place({ topic: TOPIC, partition: 0, offset: 10, assignment: 1 });
    state.assign({ topic: TOPIC, partition: 0, offset: 0, assignment: 1 });
    const piece = { topic: TOPIC, partition: 0, assignment: 1, from: 0, next: 5, lastTime: null };
    state.queue(piece);
    const { session } = state;
    state.cut();
    expect(state.settle(piece, session)).toBe(false);
    expect(state.settle({ ...piece, from: 3 }, state.session)).toBe(false);
    state.assign({ topic: TOPIC, partition: 0, offset: 0, assignment: 2 });
    expect(state.settle(piece, state.session)).toBe(false);
    expect(state.settledPositions()).toEqual([{ topic: TOPIC, partition: 0, assignment: 2, offset: 0 }]);
  });
});

describe('where to begin', () => {
  const at = { topic: TOPIC, partition: 0 };
  const range = { ...at, earliest: 5, latest: 100 };

  it('the shared reading at the most advanced region, a region without position at the earliest record', () => {
    expect(startOf(at, range, new Map([['west', 40], ['east', 70]]))).toMatchObject({ head: 70, regions: new Map([['west', 40], ['east', 70]]) });
    expect(startOf(at, range, new Map([['west', null], ['east', 70]]))).toMatchObject({ head: 70, regions: new Map([['west', 5], ['east', 70]]) });
    expect(startOf(at, range, new Map([['west', null], ['east', null]]))).toMatchObject({ head: 5 });
  });

  it('at the earliest record where the position lies beyond the end: the topic was made anew', () => {
    expect(startOf(at, range, new Map([['west', 101]]))).toMatchObject({ head: 5 });
  });
});

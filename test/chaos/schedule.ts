import { Random } from '../../src/inputs/generate/random.ts';

/** What the timetable has to know of a kind of fault. */
export interface Plannable {
  readonly kind: string;
  /** One of them is hit. */
  readonly targets: readonly string[];
  /** What must not be hit by another fault at the same time. */
  readonly holds: (target: string) => readonly string[];
  /** Shortest and longest time from injury to healing. */
  readonly seconds: readonly [number, number];
}

/** One entry of the timetable; times in seconds from the beginning of the run. */
export interface Entry {
  readonly kind: string;
  readonly target: string;
  readonly at: number;
  readonly until: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly minutes: number;
}

/** Undisturbed at the beginning, and at the end, to see the lanes catch up. */
const CALM_START = 10;
const CALM_END = 10;

/** How densely faults come. */
interface Density {
  /** Seconds in which every kind comes once. */
  readonly cycle: number;
  /** Faults that may be going on at the same time, if they do not hit the same thing. */
  readonly tracks: number;
  /** Seconds between two faults of a track. */
  readonly pause: readonly [number, number];
}

/** Everything at once in five minutes; a longer run has time to see what each fault costs. */
const STORM: Density = { cycle: 300, tracks: 3, pause: [2, 6] };
const WEATHER: Density = { cycle: 600, tracks: 2, pause: [8, 18] };
const LONG_MINUTES = 10;

/** The timetable: every kind once in each cycle (of five minutes, ten in a long run), in an order, on targets and for as long as the seed says. */
export function scheduleOf(kinds: readonly Plannable[], { seed, minutes }: ScheduleOptions): Entry[] {
  const random = new Random(seed);
  const end = minutes * 60;
  const density = minutes < LONG_MINUTES ? STORM : WEATHER;
  const entries: Entry[] = [];
  for (let start = 0; start + CALM_START + CALM_END < end; start += density.cycle) {
    const cycleEnd = Math.min(start + density.cycle, end);
    entries.push(...cycleOf(shuffled(random, kinds), random, density, start + (start === 0 ? CALM_START : 0), cycleEnd - CALM_END));
  }
  return entries.sort((a, b) => a.at - b.at || a.until - b.until);
}

/** Every kind at once, from shortly after the beginning until shortly before the end. */
export function stormOf(kinds: readonly Plannable[], minutes: number): Entry[] {
  return kinds.map(({ kind, targets }) => ({ kind, target: targets[0] ?? '', at: CALM_START, until: Math.max(CALM_START, minutes * 60 - CALM_END) }));
}

function cycleOf(kinds: readonly Plannable[], random: Random, density: Density, start: number, end: number): Entry[] {
  const tracks = new Array<number>(density.tracks).fill(start);
  const entries: Entry[] = [];
  for (const kind of kinds) {
    const target = random.pick(kind.targets);
    const seconds = random.integer(...kind.seconds);
    const pause = random.integer(...density.pause);
    const track = tracks.indexOf(Math.min(...tracks));
    const at = earliest(kinds, entries, kind.holds(target), tracks[track] ?? start, seconds);
    if (at + seconds > end) continue;
    entries.push({ kind: kind.kind, target, at, until: at + seconds });
    // A fault that waits for its target must not hold up its track as well.
    tracks[track] = (tracks[track] ?? start) + seconds + pause;
  }
  return entries;
}

/** The first time from `from` at which nothing that is held is hit already. */
function earliest(kinds: readonly Plannable[], entries: readonly Entry[], holds: readonly string[], from: number, seconds: number): number {
  let at = from;
  for (;;) {
    const rival = entries.find((entry) => entry.at < at + seconds + 1 && at < entry.until + 1 && meets(kinds, entry, holds));
    if (rival === undefined) return at;
    at = rival.until + 1;
  }
}

function meets(kinds: readonly Plannable[], { kind, target }: Entry, holds: readonly string[]): boolean {
  const held = kinds.find((candidate) => candidate.kind === kind)?.holds(target) ?? [];
  return held.some((thing) => holds.includes(thing));
}

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = random.integer(0, at);
    [result[at], result[other]] = [result[other] as Item, result[at] as Item];
  }
  return result;
}

import { Random } from '../../src/inputs/generate/random.ts';
import { SearchGuard } from '../../src/rate/search-guard.ts';
import { median, rounded } from '../statistics.ts';

const READING_SECONDS = 3;
const READINGS = 200;
/** Of each run, until the guard has learned and found its rate. */
const WARM_UP_READINGS = 40;
const RUNS = 20;
const SEARCHES_PER_SECOND = [2, 5, 20, 200] as const;
const FACTORS = [1.25, 1.5, 2] as const;
/** Documents/s of a lane with endless input, at most. */
const MOST_RATE = 20_000;
/** A search takes 20 ms undisturbed and 60 ms at 20,000 documents/s, in the mean; single ones are log-normal, with a standard deviation as large as the mean. */
const meanMs = (documentsPerSecond: number): number => 20 + documentsPerSecond / 500;
const SIGMA = Math.sqrt(Math.log(2));
/** As the guard takes it: (p99 factor − 1) ÷ (mean factor − 1). */
const TAIL = 3.5;
/** A search asks so many shards, each of which the cluster counts as a query. */
const SHARDS = 8;
const THREADS = 4;
/** In the middle of the quarter of an hour between two looks. */
const BEGAN = Date.UTC(2026, 10, 22, 12, 5);

/** What a guard comes to in the model: documents/s and p99 factor, mean over each run; least, median and largest of the runs. */
interface Modelled {
  readonly searchesPerSecond: number;
  readonly factor: number;
  /** Documents/s that are exactly right. */
  readonly right: number;
  readonly rate: { readonly min: number; readonly median: number; readonly max: number };
  readonly factorMedian: number;
}

/** The guard on a cluster whose searches slow down with every document, in simulated time: many searches, and few, whose mean leaps by itself. Seconds, no server. */
export function benchGuardModel(say: (line: string) => void): Record<string, unknown> {
  const results = SEARCHES_PER_SECOND.flatMap((searchesPerSecond) => FACTORS.map((factor) => {
    const result = modelled(searchesPerSecond, factor);
    say(`${searchesPerSecond} searches/s, factor ${factor}: right would be ${result.right} documents/s, median ${result.rate.median} (${result.rate.min} to ${result.rate.max}), factor ${result.factorMedian}`);
    return result;
  }));
  return { bench: 'guard-model', readings: READINGS, runs: RUNS, results };
}

function modelled(searchesPerSecond: number, factor: number): Modelled {
  const rates = Array.from({ length: RUNS }, (_, run) => meanRate(searchesPerSecond, factor, new Random(run + 1)));
  const right = ((factor - 1) / TAIL + 1) * meanMs(0);
  return {
    searchesPerSecond, factor, right: rounded((right - meanMs(0)) * 500, 0),
    rate: { min: rounded(Math.min(...rates), 0), median: rounded(median(rates), 0), max: rounded(Math.max(...rates), 0) },
    factorMedian: rounded(1 + TAIL * (meanMs(median(rates)) / meanMs(0) - 1), 2),
  };
}

function meanRate(searchesPerSecond: number, factor: number, random: Random): number {
  const guard = new SearchGuard({ factor, baselineMs: null, tail: TAIL });
  let [queries, queryMs, now, sum] = [0, 0, BEGAN, 0];
  for (let reading = 0; reading < READINGS; reading += 1) {
    const sent = Math.min(MOST_RATE, guard.limit ?? MOST_RATE);
    const count = searchesPerSecond * READING_SECONDS;
    for (let search = 0; search < count; search += 1) queryMs += SHARDS * meanMs(sent) * Math.exp(SIGMA * gauss(random) - SIGMA ** 2 / 2);
    queries += SHARDS * count;
    now += READING_SECONDS * 1_000;
    guard.observe({ queries, queryMs, queued: 0, threads: THREADS, turnedAway: 0, pressure: 0 }, { seconds: READING_SECONDS, sent, now });
    if (reading >= WARM_UP_READINGS) sum += sent;
  }
  return sum / (READINGS - WARM_UP_READINGS);
}

/** Of the standard normal distribution (Box and Muller). */
function gauss(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}
